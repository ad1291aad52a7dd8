-- Muting: silences, maintenances, and the ledger of what called nobody because of them.
--
-- Why the ledger has one row for each trouble and not for each line: people ask what was not raised
-- and what became of it, and both belong together. The lines stand in the row, oldest first.
--
-- Undo: DROP TABLE views.silences, views.maintenance_plans, views.ledger; DELETE FROM log.checkpoints
-- WHERE follower IN ('silences', 'maintenance-plans', 'ledger').

SET ROLE vedette_owner;

CREATE TABLE views.silences (
    tenant_id  text NOT NULL,
    generation integer NOT NULL,
    silence_id text NOT NULL,
    status     text NOT NULL,
    matcher    jsonb NOT NULL,
    site_id    text,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    reason     text NOT NULL,
    author     text NOT NULL,
    ended_by   text,
    ended_at   timestamptz,
    end_reason text,
    started_at timestamptz NOT NULL, -- when it was wished
    position   bigint NOT NULL, -- of the last fact folded into the row
    PRIMARY KEY (tenant_id, generation, silence_id)
);
CREATE INDEX silences_newest ON views.silences (tenant_id, generation, started_at DESC, silence_id DESC);

CREATE TABLE views.maintenance_plans (
    tenant_id        text NOT NULL,
    generation       integer NOT NULL,
    window_id        text NOT NULL,
    status           text NOT NULL,
    site_id          text NOT NULL,
    kinds            jsonb NOT NULL,
    weekdays         jsonb NOT NULL,
    starts_at        text NOT NULL, -- local time of the site
    duration_minutes bigint NOT NULL,
    first_day        text NOT NULL,
    last_day         text NOT NULL,
    reason           text NOT NULL,
    author           text NOT NULL,
    closed_until     timestamptz, -- the end of the last window that is over
    cancelled_by     text,
    cancel_reason    text,
    planned_at       timestamptz NOT NULL,
    position         bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, window_id)
);
CREATE INDEX maintenance_plans_newest ON views.maintenance_plans (tenant_id, generation, planned_at DESC, window_id DESC);

CREATE TABLE views.ledger (
    tenant_id       text NOT NULL,
    generation      integer NOT NULL,
    subject_id      text NOT NULL, -- of the alert, finding or incident
    subject         text NOT NULL, -- its kind
    action          text NOT NULL,
    muted_by        text NOT NULL,
    muter_id        text,
    severity        text NOT NULL,
    title           text NOT NULL,
    site_id         text,
    person_id       text,
    assignee        text, -- who would have got it
    seen_at         timestamptz NOT NULL,
    until           timestamptz,
    first_muted_at  timestamptz NOT NULL,
    last_muted_at   timestamptz NOT NULL,
    mutings         jsonb NOT NULL, -- all lines, oldest first
    later_ticket_id text,
    later_verdict   text,
    withdrawn_at    timestamptz,
    position        bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, subject_id)
) WITH (fillfactor = 80);
CREATE INDEX ledger_newest ON views.ledger (tenant_id, generation, first_muted_at DESC, subject_id DESC);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['views.silences', 'views.maintenance_plans', 'views.ledger'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
RESET ROLE;
