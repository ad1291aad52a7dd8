-- Findings and audits as lists and pages show them, and as an audit looks up what stands.
--
-- Why the index over sites and the end of the window: an audit compares its judgements with the
-- findings of a day at some sites, and a tenant of a thousand sites keeps years of them.
--
-- Undo: DROP TABLE views.findings, views.audits; DELETE FROM log.checkpoints WHERE follower IN
-- ('findings', 'audits').

SET ROLE vedette_owner;

CREATE TABLE views.findings (
    tenant_id       text NOT NULL,
    generation      integer NOT NULL,
    finding_id      text NOT NULL,
    finding_type    text NOT NULL,
    status          text NOT NULL,
    severity        text NOT NULL,
    title           text NOT NULL,
    site_id         text NOT NULL,
    person_id       text,
    device_id       text,
    subject_id      text NOT NULL,
    window_start    timestamptz NOT NULL,
    window_end      timestamptz NOT NULL,
    expected        jsonb NOT NULL,
    received        jsonb NOT NULL,
    explanation     text NOT NULL,
    judged_up_to    bigint NOT NULL,
    because         jsonb NOT NULL,
    audit_id        text,
    acknowledged_by text,
    verdict         text,
    comment         text,
    revisions       bigint NOT NULL,
    raised_at       timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    position        bigint NOT NULL,
    version         bigint NOT NULL, -- of the finding's stream, for If-Match
    PRIMARY KEY (tenant_id, generation, finding_id)
) WITH (fillfactor = 80);
CREATE INDEX findings_newest ON views.findings
    (tenant_id, generation, raised_at DESC, finding_id DESC);
CREATE INDEX findings_status ON views.findings (tenant_id, generation, status, raised_at DESC);
CREATE INDEX findings_window ON views.findings (tenant_id, generation, site_id, window_end);
CREATE INDEX findings_person ON views.findings (tenant_id, generation, person_id, raised_at DESC)
    WHERE person_id IS NOT NULL;

CREATE TABLE views.audits (
    tenant_id    text NOT NULL,
    generation   integer NOT NULL,
    audit_id     text NOT NULL,
    kind         text NOT NULL,
    status       text NOT NULL,
    as_of        timestamptz NOT NULL,
    site_id      text,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    answered_at  timestamptz,
    judged_up_to bigint NOT NULL,
    sites        bigint NOT NULL,
    windows      bigint NOT NULL,
    raised       bigint NOT NULL,
    revised      bigint NOT NULL,
    withdrawn    bigint NOT NULL,
    reason       text,
    position     bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, audit_id)
) WITH (fillfactor = 80);
CREATE INDEX audits_newest ON views.audits
    (tenant_id, generation, requested_at DESC, audit_id DESC);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['views.findings', 'views.audits'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
RESET ROLE;
