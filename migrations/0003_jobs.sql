-- Jobs: what was asked for and is not answered yet, so that it can be sent, and sent again.
--
-- Why a table beside the log: Redis may lose every message at any moment. The dispatching follower
-- writes and deletes these rows in the transaction of its checkpoint, so they say exactly what the
-- log says; the sender takes what is due. A rebuild of the dispatcher from position 0 gives the
-- same rows, and nothing here is the truth.
--
-- Undo: DROP SCHEMA jobs CASCADE; DELETE FROM log.checkpoints WHERE follower LIKE 'dispatch-job-%'.

CREATE SCHEMA jobs AUTHORIZATION vedette_owner;
GRANT USAGE ON SCHEMA jobs TO vedette_app;
SET ROLE vedette_owner;

CREATE TABLE jobs.open (
    tenant_id text        NOT NULL,
    job       text        NOT NULL, -- the actor that does it
    job_id    uuid        NOT NULL,
    position  bigint      NOT NULL, -- of the fact that asked for it
    sent      integer     NOT NULL DEFAULT 0,
    due_at    timestamptz NOT NULL DEFAULT clock_timestamp(), -- when it is sent, or sent again
    PRIMARY KEY (tenant_id, job, job_id)
) WITH (fillfactor = 70);
CREATE INDEX open_due ON jobs.open (due_at);

ALTER TABLE jobs.open ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs.open FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON jobs.open USING (tenant_id = log.tenant());
-- The owner's function looks across tenants: who has something to be sent?
CREATE POLICY across ON jobs.open TO vedette_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.open TO vedette_app;

-- Take what is due, longest due first, and put its next sending off by the lease, doubled with each
-- sending up to the longest. The rows stay locked until the caller has sent the messages and
-- commits; if it cannot, everything is due as before.
CREATE FUNCTION jobs.take(p_lease interval, p_longest interval, p_limit integer)
RETURNS TABLE (tenant_id text, job text, job_id uuid, "position" bigint, sent integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS (
        SELECT o.tenant_id, o.job, o.job_id FROM jobs.open o
        WHERE o.due_at <= clock_timestamp()
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs.open o
    SET sent = o.sent + 1,
        due_at = clock_timestamp() + least(p_lease * 2 ^ least(o.sent, 20), p_longest)
    FROM due d
    WHERE o.tenant_id = d.tenant_id AND o.job = d.job AND o.job_id = d.job_id
    RETURNING o.tenant_id, o.job, o.job_id, o.position, o.sent
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO vedette_app;
RESET ROLE;
