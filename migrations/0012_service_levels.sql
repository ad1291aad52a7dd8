-- Service levels, timers and mail: when tickets are due, what rings then, and what became of mail.
--
-- Why a book of timers beside the log: a moment that comes is no fact, and nobody can follow a log
-- to hear of it. A follower writes the book in the transaction of its checkpoint, so it says what
-- the log says; a rebuild from position 0 gives the same rows. Whoever rings takes due rows for a
-- while, one process each; what a ring may tell, the log decides.
--
-- Undo: DROP TABLE jobs.timers, views.ticket_clocks, views.mails; DROP FUNCTION
-- jobs.take_timers(text, interval, integer); ALTER TABLE views.ticket_board DROP COLUMN finding_id,
-- DROP COLUMN incident_id, DROP COLUMN absorbed, DROP COLUMN sla, DROP COLUMN escalation_level;
-- DELETE FROM log.checkpoints WHERE follower IN ('keep-timer-whenever-due', 'ticket-clocks', 'mails').

SET ROLE vedette_owner;

-- Rows that stand get what they would have had: no ticket was merged with its other side told, and
-- no target was timed before.
ALTER TABLE views.ticket_board
    ADD COLUMN finding_id       text,
    ADD COLUMN incident_id      text,
    ADD COLUMN absorbed         jsonb  NOT NULL DEFAULT '[]', -- tickets that were merged into it
    ADD COLUMN sla              text   NOT NULL DEFAULT 'OK',
    ADD COLUMN escalation_level bigint NOT NULL DEFAULT 0;
CREATE INDEX ticket_board_sla ON views.ticket_board (tenant_id, generation, sla, opened_at DESC)
    WHERE sla <> 'OK';

CREATE TABLE views.ticket_clocks (
    tenant_id          text NOT NULL,
    generation         integer NOT NULL,
    ticket_id          text NOT NULL,
    hours              text NOT NULL,
    time_zone          text NOT NULL,
    paused             boolean NOT NULL,
    since              timestamptz NOT NULL,
    next_due_at        timestamptz,
    acknowledge_due_at timestamptz,
    acknowledge_counted_s double precision,
    acknowledge_target_s bigint,
    resolve_due_at     timestamptz,
    resolve_counted_s  double precision,
    resolve_target_s   bigint,
    position           bigint NOT NULL, -- of the last fact folded into the row
    PRIMARY KEY (tenant_id, generation, ticket_id)
) WITH (fillfactor = 80);

CREATE TABLE views.mails (
    tenant_id    text NOT NULL,
    generation   integer NOT NULL,
    mail_id      text NOT NULL,
    kind         text NOT NULL,
    state        text NOT NULL,
    recipients   jsonb NOT NULL,
    subject      text NOT NULL,
    ticket_id    text NOT NULL,
    attempts     bigint,
    reason       text,
    requested_at timestamptz NOT NULL,
    answered_at  timestamptz,
    position     bigint NOT NULL, -- of the last fact folded into the row
    PRIMARY KEY (tenant_id, generation, mail_id)
);
CREATE INDEX mails_newest ON views.mails (tenant_id, generation, requested_at DESC, mail_id DESC);

CREATE TABLE jobs.timers (
    tenant_id text        NOT NULL,
    kind      text        NOT NULL, -- what rings
    subject   uuid        NOT NULL, -- for which ticket, or which mail
    position  bigint      NOT NULL, -- of the fact that wound it
    rings     integer     NOT NULL DEFAULT 0, -- since then, with those that were cut off
    due_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, subject)
) WITH (fillfactor = 70);
CREATE INDEX timers_due ON jobs.timers (kind, due_at);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['jobs.timers', 'views.ticket_clocks', 'views.mails'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
-- The owner's function below looks across tenants: whose moment has come?
CREATE POLICY across ON jobs.timers TO vedette_owner USING (true);

-- Take what is due, longest due first, for a while: if whoever took it is killed, it is due again.
CREATE FUNCTION jobs.take_timers(p_kind text, p_lease interval, p_limit integer)
RETURNS TABLE (tenant_id text, subject uuid, "position" bigint, rings integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS (
        SELECT t.tenant_id, t.kind, t.subject FROM jobs.timers t
        WHERE t.kind = p_kind AND t.due_at <= clock_timestamp()
        ORDER BY t.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs.timers t
    SET rings = t.rings + 1, due_at = clock_timestamp() + p_lease
    FROM due d
    WHERE t.tenant_id = d.tenant_id AND t.kind = d.kind AND t.subject = d.subject
    RETURNING t.tenant_id, t.subject, t.position, t.rings
$$;

REVOKE ALL ON FUNCTION jobs.take_timers(text, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.take_timers(text, interval, integer) TO vedette_app;
RESET ROLE;
