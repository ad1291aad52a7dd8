-- The log: one append-only, gapless, hash-chained sequence of facts per tenant.
--
-- Why functions: the application may read the log but never write a row by hand; the only way in
-- is log.append, which assigns positions and chains hashes under the tenant's head row, so that
-- commit order equals position order and a reader at position p has seen everything up to p.
-- Why row level security with FORCE: forgetting a WHERE must give nothing, not another tenant.
--
-- Undo (only on a database without facts worth keeping): DROP SCHEMA log CASCADE.

CREATE SCHEMA log AUTHORIZATION vedette_owner;
GRANT USAGE ON SCHEMA log TO vedette_app;
SET ROLE vedette_owner;

-- The tenant of the unit of work. NULL outside one, so that every policy below answers "no row".
CREATE FUNCTION log.tenant() RETURNS text LANGUAGE sql STABLE
RETURN nullif(current_setting('vedette.tenant', true), '');

-- One hot row a tenant; the low fill factor keeps its versions on one page (HOT updates).
CREATE TABLE log.heads (
    tenant_id   text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    position    bigint      NOT NULL DEFAULT 0,
    hash        bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    recorded_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id)
) WITH (fillfactor = 20);

CREATE TABLE log.events (
    tenant_id      text        NOT NULL,
    position       bigint      NOT NULL,
    stream_id      text        NOT NULL,
    version        bigint      NOT NULL,
    type           text        NOT NULL,
    event_id       uuid        NOT NULL,
    occurred_at    timestamptz NOT NULL CHECK (isfinite(occurred_at)),
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    caused_by      bigint,               -- position of the fact that brought this one about
    correlation_id uuid        NOT NULL, -- event id of the first fact or request of the story
    data           bytea       NOT NULL, -- the exact bytes that the hash covers, JSON in UTF-8
    hash           bytea       NOT NULL,
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, stream_id, version)
);
-- Forward why-chains: what did this fact bring about?
CREATE INDEX events_caused_by ON log.events (tenant_id, caused_by) WHERE caused_by IS NOT NULL;

CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The log is append-only: % is refused.', TG_OP USING ERRCODE = '42501';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.events ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE log.heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.heads FORCE ROW LEVEL SECURITY;
ALTER TABLE log.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.heads USING (tenant_id = log.tenant());
CREATE POLICY tenant ON log.events USING (tenant_id = log.tenant());
-- The owner's functions look across tenants in exactly two places: who exists, and who has work.
CREATE POLICY across ON log.heads TO vedette_owner USING (true);
GRANT SELECT ON log.heads, log.events TO vedette_app;

-- Bind this transaction to one tenant; a second tenant in one transaction is a bug and refused.
CREATE FUNCTION log.bind(p_tenant text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF log.tenant() IS NULL THEN
        PERFORM set_config('vedette.tenant', p_tenant, true);
    ELSIF log.tenant() <> p_tenant THEN
        RAISE EXCEPTION 'This unit of work belongs to another tenant.' USING ERRCODE = 'VD001';
    END IF;
END $$;

CREATE FUNCTION log.open_tenant(p_tenant text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM log.bind(p_tenant);
    INSERT INTO log.heads (tenant_id) VALUES (p_tenant) ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION log.tenants() RETURNS SETOF text LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT tenant_id FROM log.heads ORDER BY tenant_id
$$;

-- The bytes that a hash covers beside the previous hash; docs/log-format.md says them field by field.
CREATE FUNCTION log.leaf(
    p_tenant text, p_position bigint, p_stream text, p_version bigint, p_type text, p_event_id uuid,
    p_occurred_at timestamptz, p_recorded_at timestamptz, p_actor text, p_caused_by bigint,
    p_correlation_id uuid, p_data bytea
) RETURNS bytea LANGUAGE sql STABLE RETURN -- like convert_to, or it would not be inlined
    '\x01'::bytea || int8send(p_position) || int8send(p_version)
    || timestamptz_send(p_occurred_at) || timestamptz_send(p_recorded_at)
    || int8send(coalesce(p_caused_by, 0)) || uuid_send(p_event_id) || uuid_send(p_correlation_id)
    || int4send(octet_length(p_tenant)) || convert_to(p_tenant, 'UTF8')
    || int4send(octet_length(p_stream)) || convert_to(p_stream, 'UTF8')
    || int4send(octet_length(p_type)) || convert_to(p_type, 'UTF8')
    || int4send(octet_length(p_actor)) || convert_to(p_actor, 'UTF8')
    || int4send(octet_length(p_data)) || p_data;

-- The chain as a window aggregate: state -> sha256(state || leaf), begun from the head's hash.
CREATE FUNCTION log.link(p_state bytea, p_first bytea, p_leaf bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN sha256(coalesce(p_state, p_first) || p_leaf);
END $$;
CREATE AGGREGATE log.chain(bytea, bytea) (SFUNC = log.link, STYPE = bytea);

-- Append one event alone, the common case: plain statements cost half of the sets below.
--
-- p_version is the exact next version of the stream; 0 means "whatever comes next". p_caused_by 0
-- means none. Answers the position, or the version where the stream stands if that is another.
--
-- The stream is looked at after the head row is locked, by a statement (and so a snapshot) of its
-- own: nobody else can be between the look and the insert. Above READ COMMITTED a head that moved
-- since the caller's snapshot is a serialization failure, so the look is never stale there either.
--
-- No SET search_path here, it costs a tenth of the call: the body names no type, table or function
-- that a schema of the caller's could shadow (operators and functions are never looked up in
-- pg_temp, and the application's role may create nothing elsewhere).
CREATE FUNCTION log.append_one(
    p_tenant text, p_stream text, p_version bigint, p_type text, p_event_id uuid,
    p_occurred_at timestamptz, p_actor text, p_caused_by bigint, p_correlation_id uuid,
    p_data bytea, OUT new_position bigint, OUT stands bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_head log.heads%ROWTYPE;
BEGIN
    IF log.tenant() IS NULL THEN
        PERFORM set_config('vedette.tenant', p_tenant, true);
    ELSIF log.tenant() <> p_tenant THEN
        PERFORM log.bind(p_tenant);  -- which refuses
    END IF;
    SELECT h.position + 1, h.hash, greatest(clock_timestamp(), h.recorded_at)
    INTO v_head.position, v_head.hash, v_head.recorded_at
    FROM log.heads h WHERE h.tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no tenant %.', p_tenant USING ERRCODE = 'VD002';
    END IF;
    SELECT e.version INTO stands FROM log.events e
    WHERE e.tenant_id = p_tenant AND e.stream_id = p_stream ORDER BY e.version DESC LIMIT 1;
    stands := coalesce(stands, 0);
    IF p_version <> 0 AND p_version <> stands + 1 THEN
        RETURN;
    END IF;
    stands := stands + 1;
    v_head.hash := sha256(v_head.hash || log.leaf(
        p_tenant, v_head.position, p_stream, stands, p_type, p_event_id, p_occurred_at,
        v_head.recorded_at, p_actor, p_caused_by, p_correlation_id, p_data));
    INSERT INTO log.events VALUES (
        p_tenant, v_head.position, p_stream, stands, p_type, p_event_id, p_occurred_at,
        v_head.recorded_at, p_actor, nullif(p_caused_by, 0), p_correlation_id, p_data,
        v_head.hash);
    UPDATE log.heads h
    SET position = v_head.position, hash = v_head.hash, recorded_at = v_head.recorded_at
    WHERE h.tenant_id = p_tenant;
    new_position := v_head.position;
END $$;

-- Append several independent appends (told apart by p_append) of one tenant in one call.
--
-- All arrays have one element an event. Events of one append stand together or not at all; each
-- append has its own outcome, so that concurrent writers can share a commit. Versions and causes
-- are as above, counted on where one append has several events for a stream. A stream may stand
-- in one append of a call only (the caller's duty; the unique index judges).
--
-- Answers one row an append: its first and last position, or the stream that had moved and the
-- version where that stream stands.
CREATE FUNCTION log.append(
    p_tenant text, p_append integer[], p_stream text[], p_version bigint[], p_type text[],
    p_event_id uuid[], p_occurred_at timestamptz[], p_actor text[], p_caused_by bigint[],
    p_correlation_id uuid[], p_data bytea[]
) RETURNS TABLE (
    append_no integer, first_position bigint, last_position bigint,
    moved_stream text, moved_version bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_head log.heads%ROWTYPE;
    v_now timestamptz;
BEGIN
    PERFORM log.bind(p_tenant);
    SELECT * INTO v_head FROM log.heads h WHERE h.tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no tenant %.', p_tenant USING ERRCODE = 'VD002';
    END IF;
    -- A clock set back must not make the log's time run backwards.
    v_now := greatest(clock_timestamp(), v_head.recorded_at);

    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT u.*, s.stands,
               s.stands + row_number() OVER (PARTITION BY u.append_no, u.stream_id
                                             ORDER BY u.ordinal) AS next_version
        FROM unnest(p_append, p_stream, p_version, p_type, p_event_id, p_occurred_at, p_actor,
                    p_caused_by, p_correlation_id, p_data) WITH ORDINALITY
             AS u (append_no, stream_id, version, type, event_id, occurred_at, actor, caused_by,
                   correlation_id, data, ordinal)
        CROSS JOIN LATERAL (
            SELECT coalesce(max(e.version), 0) AS stands FROM log.events e
            WHERE e.tenant_id = p_tenant AND e.stream_id = u.stream_id) s
    ), lost AS MATERIALIZED (
        SELECT DISTINCT ON (w.append_no) w.append_no, w.stream_id, w.stands
        FROM wanted w WHERE w.version <> 0 AND w.version <> w.next_version
        ORDER BY w.append_no, w.ordinal
    ), placed AS MATERIALIZED (
        SELECT w.*, v_head.position + row_number() OVER (ORDER BY w.ordinal) AS position
        FROM wanted w WHERE w.append_no NOT IN (SELECT l.append_no FROM lost l)
    ), stored AS (
        INSERT INTO log.events AS e
        SELECT p_tenant, p.position, p.stream_id, p.next_version, p.type, p.event_id,
               p.occurred_at, v_now, p.actor, nullif(p.caused_by, 0), p.correlation_id, p.data,
               log.chain(v_head.hash, log.leaf(
                   p_tenant, p.position, p.stream_id, p.next_version, p.type, p.event_id,
                   p.occurred_at, v_now, p.actor, p.caused_by, p.correlation_id, p.data
               )) OVER (ORDER BY p.position ROWS UNBOUNDED PRECEDING)
        FROM placed p
        RETURNING e.position, e.hash
    ), moved_head AS (
        UPDATE log.heads h SET position = s.position, hash = s.hash, recorded_at = v_now
        FROM (SELECT * FROM stored ORDER BY position DESC LIMIT 1) s WHERE h.tenant_id = p_tenant
    )
    SELECT p.append_no, min(p.position), max(p.position), NULL::text, NULL::bigint
    FROM placed p GROUP BY p.append_no
    UNION ALL
    SELECT l.append_no, NULL, NULL, l.stream_id, l.stands FROM lost l;
END $$;

-- What an auditor reads: the same rows with the payload as jsonb. Key order and number spelling of
-- jsonb differ from the hashed bytes; log.events.data is what the hash covers.
CREATE VIEW log.readable_events WITH (security_invoker = true) AS
    SELECT tenant_id, position, stream_id, version, type, event_id, occurred_at, recorded_at,
           actor, caused_by, correlation_id, convert_from(data, 'UTF8')::jsonb AS data,
           encode(hash, 'hex') AS hash
    FROM log.events;
GRANT SELECT ON log.readable_events TO vedette_app;

-- Where each follower stands in each tenant's log; the row is the lease while it is locked.
CREATE TABLE log.checkpoints (
    follower   text        NOT NULL,
    tenant_id  text        NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    hash       bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    attempts   integer     NOT NULL DEFAULT 0,  -- failures in a row at the next position
    retry_at   timestamptz NOT NULL DEFAULT '-infinity',
    stopped    text        CHECK (stopped IN ('parked', 'forked')),
    error      text,
    skip_to    bigint      NOT NULL DEFAULT 0,  -- a person told it to pass over up to here
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, tenant_id)
) WITH (fillfactor = 50);

-- Events that a follower cannot digest, kept for the person who decides.
CREATE TABLE log.parked (
    follower  text        NOT NULL,
    tenant_id text        NOT NULL,
    position  bigint      NOT NULL,
    attempts  integer     NOT NULL,
    error     text        NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome   text        CHECK (outcome IN ('retried', 'skipped')),
    PRIMARY KEY (follower, tenant_id, position)
);

-- How far readers have come that use the `eventsourcing` library: a number and nothing more.
CREATE TABLE log.tracking (
    tenant_id        text   NOT NULL,
    application_name text   NOT NULL,
    notification_id  bigint NOT NULL,
    PRIMARY KEY (tenant_id, application_name)
) WITH (fillfactor = 50);

ALTER TABLE log.tracking ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.tracking FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.tracking USING (tenant_id = log.tenant());
GRANT SELECT, INSERT, UPDATE ON log.tracking TO vedette_app;
ALTER TABLE log.checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.checkpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE log.parked ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.parked FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.checkpoints USING (tenant_id = log.tenant());
CREATE POLICY tenant ON log.parked USING (tenant_id = log.tenant());
CREATE POLICY across ON log.checkpoints TO vedette_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON log.checkpoints TO vedette_app;
GRANT SELECT, INSERT, UPDATE ON log.parked TO vedette_app;

-- Make a follower known to every tenant that does not know it yet; answers how many were new.
CREATE FUNCTION log.enrol_follower(p_follower text) RETURNS bigint LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH enrolled AS (
        INSERT INTO log.checkpoints (follower, tenant_id)
        SELECT p_follower, h.tenant_id FROM log.heads h
        WHERE NOT EXISTS (SELECT FROM log.checkpoints c
                          WHERE c.follower = p_follower AND c.tenant_id = h.tenant_id)
        ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*) FROM enrolled
$$;

-- Lease one tenant with work for a follower, or answer no row. The lease is the row lock, so it
-- ends with the transaction, also when the process is killed. Longest untouched first.
CREATE FUNCTION log.claim(p_follower text)
RETURNS TABLE (tenant_id text, "position" bigint, hash bytea, skip_to bigint, head bigint,
               attempts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT c.tenant_id, c.position, c.hash, c.skip_to, c.attempts
    INTO tenant_id, "position", hash, skip_to, attempts
    FROM log.checkpoints c JOIN log.heads h USING (tenant_id)
    WHERE c.follower = p_follower AND h.position <> c.position AND c.stopped IS NULL
      AND c.retry_at <= clock_timestamp()
    ORDER BY c.updated_at
    FOR UPDATE OF c SKIP LOCKED LIMIT 1;
    IF FOUND THEN
        PERFORM log.bind(tenant_id);
        -- Another process may have moved the checkpoint between our snapshot and our lock: then the
        -- row is the new one, but the joined head is still the old one, and a head behind its
        -- checkpoint would look like a fork. This statement sees the head as it is now.
        SELECT h.position INTO head FROM log.heads h WHERE h.tenant_id = claim.tenant_id;
        RETURN NEXT;
    END IF;
END $$;

-- Every follower of every tenant, for the operations view and the metrics.
CREATE FUNCTION log.followers()
RETURNS TABLE (follower text, tenant_id text, "position" bigint, head bigint, attempts integer,
               stopped text, error text, updated_at timestamptz, behind_since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.follower, c.tenant_id, c.position, h.position, c.attempts, c.stopped, c.error,
           c.updated_at, CASE WHEN h.position > c.position THEN h.recorded_at END
    FROM log.checkpoints c JOIN log.heads h USING (tenant_id)
    ORDER BY c.tenant_id, c.follower
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA log TO vedette_app;
RESET ROLE;
