-- Streams of a call are counted by whoever calls, who has them at hand anyway.
--
-- Why: log.append counted its streams to find an append that asks twice for one version of a
-- stream, which is a mistake of whoever wrote it and almost never there; that was a twentieth of a
-- call. Now the caller says of the second one that it cannot be.
--
-- Undo: CREATE OR REPLACE FUNCTION log.append as 0018_append.sql says, without the DROPs.

SET ROLE vedette_owner;

-- Append several independent appends (told apart by p_append) of one tenant in one call.
--
-- All arrays have one element an event. Events of one append stand together or not at all; each
-- append has its own outcome, so that concurrent writers can share a commit. Versions and causes
-- are as in log.append_one, counted on where one append has several events for a stream. A stream
-- may stand in one append of a call only, and a version of it is asked for once (the caller's
-- duties; the unique index judges). A version that no event has, such as -1, loses.
--
-- Answers the position of the first event that was recorded, which the others follow in order and
-- without a gap, and of each append that was not: the stream that had moved and the version where
-- that stream stands.
CREATE OR REPLACE FUNCTION log.append(
    p_tenant text, p_append integer[], p_stream text[], p_version bigint[], p_type text[],
    p_event_id uuid[], p_occurred_at timestamptz[], p_actor text[], p_caused_by bigint[],
    p_correlation_id uuid[], p_data bytea[],
    OUT first_position bigint,
    OUT moved_append integer[], OUT moved_stream text[], OUT moved_version bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_head log.heads%ROWTYPE;
    v_next bigint[];     -- of each event's stream, as it stands
    v_versions bigint[]; -- of each event
    v_hashes bytea[] := '{}';
BEGIN
    PERFORM log.bind(p_tenant);
    SELECT * INTO v_head FROM log.heads h WHERE h.tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no tenant %.', p_tenant USING ERRCODE = 'VD002';
    END IF;
    first_position := v_head.position + 1;
    -- A clock set back must not make the log's time run backwards.
    v_head.recorded_at := greatest(clock_timestamp(), v_head.recorded_at);

    -- Looked at after the head row is locked, by a statement of its own; see log.append_one.
    v_next := ARRAY(
        SELECT s.next FROM unnest(p_stream) WITH ORDINALITY AS u (stream_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT coalesce(max(e.version), 0) + 1 AS next FROM log.events e
            WHERE e.tenant_id = p_tenant AND e.stream_id = u.stream_id) s
        ORDER BY u.ordinal);
    v_versions := v_next;
    IF v_next <> p_version THEN
        v_versions := ARRAY(
            SELECT u.next - 1 + row_number() OVER (PARTITION BY u.append_no, u.stream_id
                                                   ORDER BY u.ordinal)
            FROM unnest(p_append, p_stream, v_next) WITH ORDINALITY
                 AS u (append_no, stream_id, next, ordinal)
            ORDER BY u.ordinal);
        SELECT array_agg(l.append_no), array_agg(l.stream_id), array_agg(l.stands)
        INTO moved_append, moved_stream, moved_version
        FROM (
            SELECT DISTINCT ON (u.append_no) u.append_no, u.stream_id, u.next - 1 AS stands
            FROM unnest(p_append, p_stream, p_version, v_versions, v_next) WITH ORDINALITY
                 AS u (append_no, stream_id, asked, given, next, ordinal)
            WHERE u.asked <> 0 AND u.asked <> u.given
            ORDER BY u.append_no, u.ordinal
        ) l;
    END IF;
    IF moved_append IS NOT NULL THEN
        -- What is left is appended as if nothing else had been asked for.
        SELECT array_agg(u.stream_id), array_agg(u.version), array_agg(u.type),
               array_agg(u.event_id), array_agg(u.occurred_at), array_agg(u.actor),
               array_agg(u.caused_by), array_agg(u.correlation_id), array_agg(u.data)
        INTO p_stream, v_versions, p_type, p_event_id, p_occurred_at, p_actor, p_caused_by,
             p_correlation_id, p_data
        FROM (
            SELECT * FROM unnest(p_append, p_stream, v_versions, p_type, p_event_id, p_occurred_at,
                                 p_actor, p_caused_by, p_correlation_id, p_data) WITH ORDINALITY
                 AS k (append_no, stream_id, version, type, event_id, occurred_at, actor,
                       caused_by, correlation_id, data, ordinal)
            WHERE k.append_no NOT IN (SELECT unnest(moved_append)) ORDER BY k.ordinal
        ) u;
        IF p_stream IS NULL THEN
            RETURN;
        END IF;
    END IF;

    FOR i IN 1 .. cardinality(p_stream) LOOP
        v_head.position := v_head.position + 1;
        v_head.hash := sha256(v_head.hash || log.leaf(
            p_tenant, v_head.position, p_stream[i], v_versions[i], p_type[i], p_event_id[i],
            p_occurred_at[i], v_head.recorded_at, p_actor[i], p_caused_by[i],
            p_correlation_id[i], p_data[i]));
        v_hashes[i] := v_head.hash;
    END LOOP;
    -- Functions of sets in the list of columns run in step, and nothing is kept between.
    INSERT INTO log.events SELECT
        p_tenant, generate_series(first_position, v_head.position), unnest(p_stream),
        unnest(v_versions), unnest(p_type), unnest(p_event_id), unnest(p_occurred_at),
        v_head.recorded_at, unnest(p_actor), nullif(unnest(p_caused_by), 0),
        unnest(p_correlation_id), unnest(p_data), unnest(v_hashes);
    UPDATE log.heads h
    SET position = v_head.position, hash = v_head.hash, recorded_at = v_head.recorded_at
    WHERE h.tenant_id = p_tenant;
END $$;

RESET ROLE;
