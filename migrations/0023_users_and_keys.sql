-- Users and keys as lists, for whoever manages access.
--
-- Why: to know who may sign in, one had to fold every fact about users anew, at the machine itself.
-- Hashes stay in access.credentials; nothing here is a secret.
--
-- Undo: DROP TABLE views.users, views.keys; DELETE FROM log.checkpoints WHERE follower IN ('users', 'keys').

SET ROLE vedette_owner;

CREATE TABLE views.users (
    tenant_id         text NOT NULL,
    generation        integer NOT NULL,
    username          text NOT NULL,
    name              text NOT NULL,
    roles             jsonb NOT NULL,
    site_scope        jsonb, -- null: every site
    status            text NOT NULL,
    suspended_because text,
    email             text,
    person_id         text,
    enrolled_at       timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    position          bigint NOT NULL, -- of the last fact folded into the row
    version           bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, username)
);
CREATE INDEX users_newest ON views.users (tenant_id, generation, enrolled_at, username);

CREATE TABLE views.keys (
    tenant_id       text NOT NULL,
    generation      integer NOT NULL,
    key_id          text NOT NULL,
    name            text NOT NULL,
    roles           jsonb NOT NULL,
    site_scope      jsonb, -- null: every site
    expires_at      timestamptz NOT NULL,
    revoked         boolean NOT NULL,
    revoked_because text,
    issued_at       timestamptz NOT NULL,
    issued_by       text NOT NULL,
    updated_at      timestamptz NOT NULL,
    position        bigint NOT NULL, -- of the last fact folded into the row
    version         bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, key_id)
);
CREATE INDEX keys_newest ON views.keys (tenant_id, generation, issued_at, key_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['views.users', 'views.keys'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
RESET ROLE;
