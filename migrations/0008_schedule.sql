-- Jobs of every kind: their attempts, the boards of jobs and thresholds, and verdicts by index.
--
-- Why attempts are rows: a worker that is killed in the middle of a job counts nothing in Redis,
-- and a job that kills its worker would be sent for ever. An attempt is counted before it begins,
-- and a job that has used them up is answered by its failure. The number continues from the rows,
-- not from the book of open jobs, which a rebuild of the dispatcher makes afresh.
--
-- Why indexes over a few types of facts alone: a tuning reads the verdicts of the last days and a
-- simulation the anomalies, which are a few facts among very many; an index over all types would
-- cost every append.
--
-- Undo: DROP TABLE jobs.attempts, views.jobs, views.thresholds; DROP INDEX log.events_verdicts, log.events_anomalies; DROP FUNCTION
-- jobs.take(interval, interval, integer, text[]), jobs.forget(interval); create jobs.take again as
-- 0003_jobs.sql says; name the dispatcher's checkpoints and the jobs in the book as before.

SET ROLE vedette_owner;

CREATE TABLE jobs.attempts (
    tenant_id  text        NOT NULL,
    job        text        NOT NULL,
    job_id     uuid        NOT NULL,
    attempt    integer     NOT NULL, -- 1..n without a gap
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,          -- null: under way, or the worker was killed
    error      text,                 -- null: under way, killed, or done
    PRIMARY KEY (tenant_id, job_id, attempt)
);
CREATE INDEX attempts_started ON jobs.attempts (started_at);

CREATE TABLE views.jobs (
    tenant_id    text NOT NULL,
    generation   integer NOT NULL,
    job_id       text NOT NULL,
    job          text NOT NULL,
    state        text NOT NULL,
    asked        jsonb NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    answer       jsonb,
    answered_at  timestamptz,
    outcome      text,
    position     bigint NOT NULL, -- of the last fact folded into the row
    PRIMARY KEY (tenant_id, generation, job_id)
);
CREATE INDEX jobs_newest ON views.jobs (tenant_id, generation, requested_at DESC, job_id DESC);

CREATE TABLE views.thresholds (
    tenant_id       text NOT NULL,
    generation      integer NOT NULL,
    family          text NOT NULL,
    threshold       double precision, -- null: the default rule holds
    reason          text NOT NULL,
    expires_at      timestamptz,
    pinned_by       text,
    because         text NOT NULL,
    verdicts        bigint,
    false_positives bigint,
    left_out        bigint,
    rate            double precision,
    state           jsonb NOT NULL, -- what lies under a pin, and what can be taken back
    changed_at      timestamptz NOT NULL,
    changed_by      text NOT NULL,
    position        bigint NOT NULL, -- of the last fact folded into the row
    version         bigint NOT NULL, -- of the threshold's stream, for If-Match
    PRIMARY KEY (tenant_id, generation, family)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['jobs.attempts', 'views.jobs', 'views.thresholds'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
-- The owner's function below looks across tenants: which attempts are old?
CREATE POLICY across ON jobs.attempts TO vedette_owner USING (true);

CREATE INDEX events_verdicts ON log.events (tenant_id, position)
    WHERE type IN ('alert.resolved', 'alert.reopened');
CREATE INDEX events_anomalies ON log.events (tenant_id, position)
    WHERE type IN ('anomaly.detected', 'anomaly.revised', 'anomaly.withdrawn');

UPDATE log.checkpoints SET follower = 'dispatch-job-whenever-requested'
WHERE follower = 'dispatch-job-whenever-verification-requested';
UPDATE jobs.open SET job = 'verification' WHERE job = 'verify_chain';

DROP FUNCTION jobs.take(interval, interval, integer);

-- Take what is due of the named jobs, longest due first, and put its next sending off by the lease,
-- doubled with each sending up to the longest. The rows stay locked until the caller has sent the
-- messages and commits; if it cannot, everything is due as before. A worker of another release
-- names the jobs that it knows, and leaves the others alone.
CREATE FUNCTION jobs.take(p_lease interval, p_longest interval, p_limit integer, p_jobs text[])
RETURNS TABLE (tenant_id text, job text, job_id uuid, "position" bigint, sent integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH due AS (
        SELECT o.tenant_id, o.job, o.job_id FROM jobs.open o
        WHERE o.due_at <= clock_timestamp() AND o.job = ANY (p_jobs)
        ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs.open o
    SET sent = o.sent + 1,
        due_at = clock_timestamp() + least(p_lease * 2 ^ least(o.sent, 20), p_longest)
    FROM due d
    WHERE o.tenant_id = d.tenant_id AND o.job = d.job AND o.job_id = d.job_id
    RETURNING o.tenant_id, o.job, o.job_id, o.position, o.sent
$$;

-- Forget attempts of jobs that were answered long ago, of every tenant.
CREATE FUNCTION jobs.forget(p_older_than interval) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH forgotten AS (
        DELETE FROM jobs.attempts a
        WHERE a.started_at < clock_timestamp() - p_older_than
          AND NOT EXISTS (SELECT FROM jobs.open o
                          WHERE o.tenant_id = a.tenant_id AND o.job_id = a.job_id)
        RETURNING 1
    ) SELECT count(*) FROM forgotten
$$;

REVOKE ALL ON FUNCTION jobs.take(interval, interval, integer, text[]), jobs.forget(interval)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jobs.take(interval, interval, integer, text[]), jobs.forget(interval)
    TO vedette_app;
RESET ROLE;
