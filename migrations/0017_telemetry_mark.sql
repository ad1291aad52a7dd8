-- The mark of a person's or a site's signals in one round trip.
--
-- Why: whether an answer about a subject is still good is asked for every answer from the cache. A
-- transaction around the question took four round trips, more than all else that such an answer
-- costs. A function binds itself to the tenant, in the transaction of its one statement.
--
-- Why nobody's definer: it reads with the caller's rights, so that row level security holds.
--
-- Undo: DROP FUNCTION views.telemetry_mark(text, text, text).

SET ROLE vedette_owner;

CREATE FUNCTION views.telemetry_mark(
    p_tenant text, p_subject text, p_id text,
    OUT site_id text, OUT newest bigint, OUT reached bigint, OUT known boolean
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM log.bind(p_tenant);
    -- One statement, and so one moment, for all that is answered.
    IF p_subject = 'person' THEN
        SELECT d.site_id, coalesce(s.newest, 0), coalesce(c.position, 0), d.person_id IS NOT NULL
        INTO site_id, newest, reached, known
        FROM (SELECT coalesce(max(g.live) FILTER (WHERE g.projection = 'persons'), 1) AS entries,
                     coalesce(max(g.live) FILTER (WHERE g.projection = 'signals'), 1) AS signals
              FROM views.generations g
              WHERE g.tenant_id = p_tenant AND g.projection IN ('persons', 'signals')) AS live
        LEFT JOIN views.persons d ON d.tenant_id = p_tenant AND d.generation = live.entries
            AND d.person_id = p_id
        LEFT JOIN LATERAL (
            SELECT max(n.position) AS newest FROM views.signals n
            WHERE n.tenant_id = p_tenant AND n.generation = live.signals AND n.person_id = p_id
        ) AS s ON true
        LEFT JOIN log.checkpoints c ON c.tenant_id = p_tenant AND c.follower = 'signals';
    ELSE
        SELECT d.site_id, coalesce(s.newest, 0), coalesce(c.position, 0), d.site_id IS NOT NULL
        INTO site_id, newest, reached, known
        FROM (SELECT coalesce(max(g.live) FILTER (WHERE g.projection = 'sites'), 1) AS entries,
                     coalesce(max(g.live) FILTER (WHERE g.projection = 'signals'), 1) AS signals
              FROM views.generations g
              WHERE g.tenant_id = p_tenant AND g.projection IN ('sites', 'signals')) AS live
        LEFT JOIN views.sites d ON d.tenant_id = p_tenant AND d.generation = live.entries
            AND d.site_id = p_id
        LEFT JOIN LATERAL (
            SELECT max(n.position) AS newest FROM views.signals n
            WHERE n.tenant_id = p_tenant AND n.generation = live.signals AND n.site_id = p_id
        ) AS s ON true
        LEFT JOIN log.checkpoints c ON c.tenant_id = p_tenant AND c.follower = 'signals';
    END IF;
END $$;
REVOKE ALL ON FUNCTION views.telemetry_mark(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.telemetry_mark(text, text, text) TO vedette_app;
RESET ROLE;
