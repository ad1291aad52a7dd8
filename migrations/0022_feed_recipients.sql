-- How many listeners each frame of the feed was handed to, looked up by position.
--
-- Why beside the log: a delivery is nothing that happened to the tenant, and a fact about a frame
-- would be told as a frame again. Why a row for many positions: web processes hand over what they
-- counted once a second, and the feed shall not pay a row for each frame. A position may stand in
-- several rows, of several processes and of listeners that came late: they are added up. A batch
-- that is handed over again, because the answer to it was lost, is kept once.
--
-- Counts can be added and read. Only what is older than 30 days can be forgotten, by the function.
--
-- Undo: DROP SCHEMA feed CASCADE.

CREATE SCHEMA feed AUTHORIZATION vedette_owner;
GRANT USAGE ON SCHEMA feed TO vedette_app;
SET ROLE vedette_owner;

CREATE TABLE feed.recipients (
    tenant_id   text        NOT NULL,
    block       bigint      NOT NULL, -- position / 1000, of all positions of the row
    batch       uuid        NOT NULL, -- drawn by the process that counted
    positions   bigint[]    NOT NULL,
    recipients  integer[]   NOT NULL, -- listeners that the frame at the same place was handed to
    left_out    integer[]   NOT NULL, -- listeners for whom it was left out in a storm
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, block, batch)
);
CREATE INDEX recipients_recorded ON feed.recipients (tenant_id, recorded_at);

ALTER TABLE feed.recipients ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed.recipients FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feed.recipients USING (tenant_id = log.tenant());
GRANT SELECT, INSERT ON feed.recipients TO vedette_app;

CREATE FUNCTION feed.forget_recipients(p_tenant text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM feed.recipients
    WHERE tenant_id = p_tenant AND recorded_at < clock_timestamp() - interval '30 days'
$$;
REVOKE ALL ON FUNCTION feed.forget_recipients(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed.forget_recipients(text) TO vedette_app;
RESET ROLE;
