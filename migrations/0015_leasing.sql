-- One question where followers asked many: what a lease is and proves, and what nobody wants.
--
-- Why log.lease: to claim a tenant, to prove the span behind it and to pass over what is not wanted
-- were statements of their own, for each batch of each follower.
--
-- Why log.pass_over takes all followers of a process: some forty of them looked four times a second
-- each, and most want a few kinds of facts while the log grows by signals. One look at the types of
-- what is new says who has anything to do, and moves all the others.
--
-- Why a token in a checkpoint: a process may keep what it wrote with its last batch in memory
-- instead of reading it again, but only while nobody else wrote. Whoever handles a batch writes a
-- token of its own, so that a process which finds its last token knows that nothing happened
-- between. Passing over leaves it, since it writes nothing else.
--
-- Undo: DROP FUNCTION log.lease(text, text, text[], bigint); DROP FUNCTION log.pass_over(text,
-- text[], text[], text[], bigint); create log.pass_over as 0014_passing_over.sql says; ALTER TABLE
-- log.checkpoints DROP COLUMN token.

SET ROLE vedette_owner;

ALTER TABLE log.checkpoints ADD COLUMN token bigint NOT NULL DEFAULT 0;

DROP FUNCTION log.pass_over(text, text, text[], bigint);

-- Claim a tenant as log.claim does, and answer the lease with the proof of the span behind it: up to
-- p_limit events, or one after a failure. Where none of them is wanted the checkpoint is moved at
-- once, and nothing is left to do but to commit. Answers no row if no tenant has work.
--
-- A fork or a hole is not judged here: what is found is answered, and the caller compares.
CREATE FUNCTION log.lease(p_follower text, p_behind text, p_types text[], p_limit bigint)
RETURNS TABLE (tenant_id text, "position" bigint, hash bytea, skip_to bigint, head bigint,
               attempts integer, token bigint,
               passed boolean, -- nothing was wanted, and the checkpoint stands at upto
               others boolean, -- other tenants have something behind their checkpoints, too
               upto bigint,    -- the last event of the span
               events bigint,  -- that the span has
               wanted bigint,  -- of them
               known bytea,    -- hash of the checkpoint's own event, as it is now
               last bytea)     -- hash of the last event
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_lease record;
    v_upto bigint;
BEGIN
    SELECT * INTO v_lease FROM log.claim(p_follower, p_behind);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_upto := least(v_lease.position + CASE WHEN v_lease.attempts > 0 THEN 1 ELSE p_limit END,
                    v_lease.head);
    SELECT count(*), count(*) FILTER (WHERE p_types IS NULL OR e.type = ANY (p_types))
    INTO events, wanted
    FROM log.events e
    WHERE e.tenant_id = v_lease.tenant_id AND e.position > v_lease.position
      AND e.position <= v_upto;
    SELECT e.hash INTO known FROM log.events e
    WHERE e.tenant_id = v_lease.tenant_id AND e.position = v_lease.position;
    SELECT e.hash INTO last FROM log.events e
    WHERE e.tenant_id = v_lease.tenant_id AND e.position = v_upto;
    passed := wanted = 0 AND v_lease.attempts = 0 AND v_upto > v_lease.position
        AND events = v_upto - v_lease.position
        AND (v_lease.position = 0 OR known IS NOT DISTINCT FROM v_lease.hash);
    IF passed THEN
        UPDATE log.checkpoints c
        SET position = v_upto, hash = last, error = NULL, updated_at = clock_timestamp()
        WHERE c.follower = p_follower AND c.tenant_id = v_lease.tenant_id;
    END IF;
    SELECT c.token INTO token FROM log.checkpoints c
    WHERE c.follower = p_follower AND c.tenant_id = v_lease.tenant_id;
    others := EXISTS (
        SELECT FROM log.checkpoints c JOIN log.heads h USING (tenant_id)
        WHERE c.follower = p_follower AND c.tenant_id <> v_lease.tenant_id
          AND h.position <> c.position AND c.stopped IS NULL AND c.retry_at <= clock_timestamp());
    tenant_id := v_lease.tenant_id;
    "position" := v_lease.position;
    hash := v_lease.hash;
    skip_to := v_lease.skip_to;
    head := v_lease.head;
    attempts := v_lease.attempts;
    upto := v_upto;
    RETURN NEXT;
END $$;

-- Move the checkpoints of all these followers over what none of them wants, in the first tenant
-- behind p_beyond that has anything new. Answers the tenant, NULL if there is none, and who has
-- something to look at: wanted facts, a failure to be tried again, more than p_limit events, a fork
-- or a hole, which are found by whoever leases. Who is at work is left alone.
--
-- p_types holds the types that each follower wants, comma by comma; NULL means all.
CREATE FUNCTION log.pass_over(
    p_beyond text, p_followers text[], p_behinds text[], p_types text[], p_limit bigint,
    OUT tenant text, OUT look text[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_head bigint;
    v_first bigint;
    v_events bigint;
    v_types text[];
    v_lasts bigint[]; -- position of the last event of each type
    v_each record;
    v_upto bigint;
BEGIN
    look := '{}';
    SELECT c.tenant_id INTO tenant
    FROM log.checkpoints c JOIN log.heads h USING (tenant_id)
    WHERE c.follower = ANY (p_followers) AND c.tenant_id > p_beyond AND h.position <> c.position
      AND c.stopped IS NULL AND c.retry_at <= clock_timestamp()
    ORDER BY c.tenant_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM log.bind(tenant);
    SELECT h.position INTO v_head FROM log.heads h WHERE h.tenant_id = tenant;
    -- Checkpoints only move forward, so whatever is locked below stands here or further on.
    SELECT coalesce(min(c.position), v_head) INTO v_first FROM log.checkpoints c
    WHERE c.follower = ANY (p_followers) AND c.tenant_id = tenant AND c.stopped IS NULL
      AND c.position >= v_head - p_limit;
    SELECT coalesce(sum(k.events), 0), coalesce(array_agg(k.type), '{}'),
           coalesce(array_agg(k.last), '{}')
    INTO v_events, v_types, v_lasts
    FROM (SELECT e.type, count(*) AS events, max(e.position) AS last FROM log.events e
          WHERE e.tenant_id = tenant AND e.position > v_first AND e.position <= v_head
          GROUP BY e.type) AS k;
    FOR v_each IN
        SELECT c.follower, c.position, c.hash, c.attempts, w.behind, w.types
        FROM unnest(p_followers, p_behinds, p_types) AS w (follower, behind, types)
        JOIN log.checkpoints c ON c.follower = w.follower AND c.tenant_id = tenant
        WHERE c.stopped IS NULL AND c.retry_at <= clock_timestamp() AND c.position <> v_head
        -- Who must stay behind another comes after it has moved.
        ORDER BY w.behind IS NOT NULL, c.follower
        FOR UPDATE OF c SKIP LOCKED
    LOOP
        v_upto := v_head;
        IF v_each.behind IS NOT NULL THEN
            SELECT least(v_head, b.position) INTO v_upto FROM log.checkpoints b
            WHERE b.follower = v_each.behind AND b.tenant_id = tenant;
        END IF;
        IF v_each.position > v_head THEN
            -- It moved since the head was read, or the log is a shorter one.
            IF v_each.position > (SELECT h.position FROM log.heads h WHERE h.tenant_id = tenant)
            THEN
                look := look || v_each.follower;
            END IF;
        ELSIF v_upto > v_each.position THEN
            IF v_each.attempts > 0 OR v_each.types IS NULL OR v_each.position < v_first
                OR v_events <> v_head - v_first
                OR EXISTS (SELECT FROM unnest(v_types, v_lasts) AS k (type, last)
                           WHERE k.last > v_each.position
                             AND k.type = ANY (string_to_array(v_each.types, ',')))
                OR v_each.position > 0 AND v_each.hash IS DISTINCT FROM (
                    SELECT e.hash FROM log.events e
                    WHERE e.tenant_id = tenant AND e.position = v_each.position)
            THEN
                look := look || v_each.follower;
            ELSE
                UPDATE log.checkpoints c
                SET position = v_upto, error = NULL, updated_at = clock_timestamp(),
                    hash = (SELECT e.hash FROM log.events e
                            WHERE e.tenant_id = tenant AND e.position = v_upto)
                WHERE c.follower = v_each.follower AND c.tenant_id = tenant;
            END IF;
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION log.lease(text, text, text[], bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION log.pass_over(text, text[], text[], text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.lease(text, text, text[], bigint) TO vedette_app;
GRANT EXECUTE ON FUNCTION log.pass_over(text, text[], text[], text[], bigint) TO vedette_app;
RESET ROLE;
