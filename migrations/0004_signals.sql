-- The signals as people ask for them: by person, site or device and the time when they happened.
--
-- Why a table beside the log: the log orders facts by when they came, and judging a window of duty
-- needs those that happened in it. The rows are insert-only and hold the position, so a reader can
-- say "as known at position p" and gets the same answer for ever.
--
-- Why log.claim takes a second follower: a policy that reads these rows must not overtake the
-- projection that writes them, or it would judge windows without signals that stand in the log.
--
-- Undo: DROP TABLE views.signals; DROP FUNCTION log.claim(text, text); create log.claim(text) again
-- as 0001_log.sql says; DELETE FROM log.checkpoints WHERE follower = 'signals'.

SET ROLE vedette_owner;

CREATE TABLE views.signals (
    tenant_id     text NOT NULL,
    generation    integer NOT NULL,
    signal        text NOT NULL, -- its uuid, derived from source and signal id
    kind          text NOT NULL,
    person_id     text,
    site_id       text,
    device_id     text,
    at            timestamptz NOT NULL, -- when it happened, corrected by the device's clock skew
    recorded_at   timestamptz NOT NULL,
    fact          jsonb NOT NULL,
    position      bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, signal)
);
CREATE INDEX signals_person ON views.signals (tenant_id, generation, person_id, at, signal)
    WHERE person_id IS NOT NULL;
CREATE INDEX signals_site ON views.signals (tenant_id, generation, site_id, at, signal)
    WHERE site_id IS NOT NULL;
CREATE INDEX signals_device ON views.signals (tenant_id, generation, device_id, at, signal)
    WHERE device_id IS NOT NULL;

ALTER TABLE views.signals ENABLE ROW LEVEL SECURITY;
ALTER TABLE views.signals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON views.signals USING (tenant_id = log.tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON views.signals TO vedette_app;

DROP FUNCTION log.claim(text);

-- Lock one tenant's checkpoint that has work, and answer how far its follower may read: to the
-- head, or, where it must stay behind another follower, to where that one stands.
CREATE FUNCTION log.claim(p_follower text, p_behind text)
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
      -- A head behind its checkpoint is a fork, and must be claimed to be found.
      AND (p_behind IS NULL OR h.position < c.position OR EXISTS (
          SELECT FROM log.checkpoints b WHERE b.follower = p_behind
              AND b.tenant_id = c.tenant_id AND b.position > c.position))
    ORDER BY c.updated_at
    FOR UPDATE OF c SKIP LOCKED LIMIT 1;
    IF FOUND THEN
        PERFORM log.bind(tenant_id);
        -- Another process may have moved the checkpoint between our snapshot and our lock: then the
        -- row is the new one, but the joined head is still the old one, and a head behind its
        -- checkpoint would look like a fork. This statement sees the head as it is now.
        SELECT h.position INTO head FROM log.heads h WHERE h.tenant_id = claim.tenant_id;
        IF p_behind IS NOT NULL AND head > "position" THEN
            SELECT greatest(least(head, b.position), claim."position") INTO head
            FROM log.checkpoints b WHERE b.follower = p_behind AND b.tenant_id = claim.tenant_id;
        END IF;
        RETURN NEXT;
    END IF;
END $$;
REVOKE ALL ON FUNCTION log.claim(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.claim(text, text) TO vedette_app;
RESET ROLE;
