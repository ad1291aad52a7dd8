-- Followers pass over what they do not want in one question.
--
-- Why: most followers want a few kinds of facts, and the log grows by signals. To claim a tenant,
-- prove the span and move the checkpoint took a transaction of six statements, four times a second
-- for each of some forty followers, and as much again to find that nothing is left.
--
-- Undo: DROP FUNCTION log.pass_over(text, text, text[], bigint).

SET ROLE vedette_owner;

-- Move one tenant's checkpoint over up to p_limit events if none of them is wanted. Answers
-- 'nothing' if no tenant has work, 'passed' if it moved one, and 'look' at whatever else there is:
-- wanted facts, a failure to be tried again, a fork or a hole, which are found by claiming.
CREATE FUNCTION log.pass_over(p_follower text, p_behind text, p_types text[], p_limit bigint)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_lease record;
    v_upto bigint;
    v_last bytea;
BEGIN
    SELECT * INTO v_lease FROM log.claim(p_follower, p_behind);
    IF NOT FOUND THEN
        RETURN 'nothing';
    END IF;
    v_upto := least(v_lease.position + p_limit, v_lease.head);
    IF v_lease.attempts > 0 OR v_upto <= v_lease.position OR EXISTS (
        SELECT FROM log.events e
        WHERE e.tenant_id = v_lease.tenant_id AND e.position > v_lease.position
          AND e.position <= v_upto AND e.type = ANY (p_types)
    ) THEN
        RETURN 'look';
    END IF;
    IF v_lease.position > 0 AND v_lease.hash IS DISTINCT FROM (
        SELECT e.hash FROM log.events e
        WHERE e.tenant_id = v_lease.tenant_id AND e.position = v_lease.position
    ) OR v_upto - v_lease.position <> (
        SELECT count(*) FROM log.events e
        WHERE e.tenant_id = v_lease.tenant_id AND e.position > v_lease.position
          AND e.position <= v_upto
    ) THEN
        RETURN 'look';
    END IF;
    SELECT e.hash INTO v_last FROM log.events e
    WHERE e.tenant_id = v_lease.tenant_id AND e.position = v_upto;
    UPDATE log.checkpoints c
    SET position = v_upto, hash = v_last, error = NULL, updated_at = clock_timestamp()
    WHERE c.follower = p_follower AND c.tenant_id = v_lease.tenant_id;
    RETURN 'passed';
END $$;
REVOKE ALL ON FUNCTION log.pass_over(text, text, text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.pass_over(text, text, text[], bigint) TO vedette_app;
RESET ROLE;
