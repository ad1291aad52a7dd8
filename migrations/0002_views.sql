-- Read models, policy memories and credentials: everything that followers keep beside the log.
--
-- Why a generation in every read model's key: a rebuild fills the next generation by replay beside
-- the live one and then swaps one row of views.generations, without any right to change tables at
-- run time. Readers join through views.generations and never see a half-filled generation.
--
-- Undo: DROP SCHEMA views, policy, access CASCADE. Nothing here is the truth except
-- access.credentials, whose loss makes people set new passwords and keys.

CREATE SCHEMA views AUTHORIZATION vedette_owner;
CREATE SCHEMA policy AUTHORIZATION vedette_owner;
CREATE SCHEMA access AUTHORIZATION vedette_owner;
GRANT USAGE ON SCHEMA views, policy, access TO vedette_app;
SET ROLE vedette_owner;

CREATE TABLE views.generations (
    tenant_id  text    NOT NULL,
    projection text    NOT NULL,
    live       integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, projection)
);

CREATE TABLE views.ticket_board (
    tenant_id    text NOT NULL,
    generation   integer NOT NULL,
    ticket_id    text NOT NULL,
    category     text NOT NULL,
    title        text NOT NULL,
    status       text NOT NULL,
    severity     text NOT NULL,
    priority     text NOT NULL,
    site_id      text,
    person_id    text,
    fraud_type   text,
    dedup_key    text,
    alert_id     text,
    assignee     text,
    repeat_count bigint NOT NULL,
    waiting_until timestamptz,
    resolution   text,
    links        jsonb NOT NULL,
    merged_into  text,
    opened_at    timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    position     bigint NOT NULL, -- of the last fact folded into the row
    version      bigint NOT NULL, -- of the ticket's stream, for If-Match
    PRIMARY KEY (tenant_id, generation, ticket_id)
) WITH (fillfactor = 80);
CREATE INDEX ticket_board_newest ON views.ticket_board (tenant_id, generation, opened_at DESC, ticket_id DESC);
CREATE INDEX ticket_board_status ON views.ticket_board (tenant_id, generation, status, opened_at DESC);

CREATE TABLE views.alert_board (
    tenant_id     text NOT NULL,
    generation    integer NOT NULL,
    alert_id      text NOT NULL,
    kind          text NOT NULL,
    fraud_type    text NOT NULL,
    title         text NOT NULL,
    status        text NOT NULL,
    severity      text NOT NULL,
    score         double precision NOT NULL,
    site_id       text NOT NULL,
    person_id     text NOT NULL,
    dedup_key     text NOT NULL,
    count         bigint NOT NULL,
    evidence      jsonb NOT NULL,
    assignee      text,
    acknowledged_by text,
    verdict       text,
    comment       text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    raised_at     timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    position      bigint NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, alert_id)
) WITH (fillfactor = 80);
CREATE INDEX alert_board_newest ON views.alert_board (tenant_id, generation, raised_at DESC, alert_id DESC);

CREATE TABLE views.fraud_scores (
    tenant_id     text NOT NULL,
    generation    integer NOT NULL,
    attendance    text NOT NULL, -- signal uuid
    person_id     text NOT NULL,
    site_id       text NOT NULL,
    device_id     text NOT NULL,
    fraud_type    text NOT NULL,
    probability   double precision NOT NULL,
    occurred_at   timestamptz NOT NULL,
    scored_at     timestamptz NOT NULL,
    model         text NOT NULL,
    model_version text NOT NULL,
    features      jsonb NOT NULL,
    reasons       jsonb NOT NULL,
    contradictions jsonb NOT NULL,
    revisions     bigint NOT NULL, -- how many earlier scores this one superseded
    position      bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, attendance)
) WITH (fillfactor = 90);
CREATE INDEX fraud_scores_newest ON views.fraud_scores
    (tenant_id, generation, scored_at DESC, attendance DESC) WHERE probability >= 0.5;
CREATE INDEX fraud_scores_person ON views.fraud_scores (tenant_id, generation, person_id, scored_at DESC);

CREATE TABLE views.sites (
    tenant_id         text NOT NULL,
    generation        integer NOT NULL,
    site_id           text NOT NULL,
    name              text NOT NULL,
    latitude          double precision NOT NULL,
    longitude         double precision NOT NULL,
    geofence_radius_m double precision NOT NULL,
    time_zone         text NOT NULL,
    security_manager  text,
    position          bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, site_id)
);
CREATE TABLE views.persons (
    tenant_id  text NOT NULL,
    generation integer NOT NULL,
    person_id  text NOT NULL,
    name       text NOT NULL,
    phone      text,
    site_id    text,
    position   bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, person_id)
);
CREATE TABLE views.devices (
    tenant_id  text NOT NULL,
    generation integer NOT NULL,
    device_id  text NOT NULL,
    kind       text NOT NULL,
    person_id  text,
    site_id    text,
    position   bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, device_id)
);

-- What a policy remembers between facts, one value a subject; written in its checkpoint's transaction.
CREATE TABLE policy.memories (
    tenant_id text  NOT NULL,
    policy    text  NOT NULL,
    key       text  NOT NULL,
    value     bytea NOT NULL, -- JSON of the policy's own Struct
    PRIMARY KEY (tenant_id, policy, key)
) WITH (fillfactor = 70);

-- Secrets never become facts: a log is for ever, a password is not.
CREATE TABLE access.credentials (
    tenant_id  text        NOT NULL,
    subject    text        NOT NULL CHECK (subject ~ '^(user|key):'),
    hash       text        NOT NULL, -- argon2id of a password, SHA-256 of a 256-bit key secret
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, subject)
);

DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('views', 'policy', 'access') AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
RESET ROLE;
