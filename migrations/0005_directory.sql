-- The directory grows: tours, shifts and tasks as lists and pages show them.
--
-- Why the indexes over time: a roster is asked for by site or person and a span of days, and a
-- tenant of 10,000 guards plans a million shifts in three months.
--
-- Undo: DROP TABLE views.tours, views.shifts, views.tasks; DELETE FROM log.checkpoints WHERE
-- follower IN ('tours', 'shifts', 'tasks').

SET ROLE vedette_owner;

CREATE TABLE views.tours (
    tenant_id     text NOT NULL,
    generation    integer NOT NULL,
    tour_id       text NOT NULL,
    site_id       text NOT NULL,
    name          text NOT NULL,
    checkpoints   jsonb NOT NULL,
    starts        jsonb NOT NULL, -- of every day, in the site's time zone
    grace_minutes bigint NOT NULL,
    valid_from    timestamptz,
    retired       boolean NOT NULL,
    position      bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, tour_id)
);
CREATE INDEX tours_site ON views.tours (tenant_id, generation, site_id, tour_id);

CREATE TABLE views.shifts (
    tenant_id  text NOT NULL,
    generation integer NOT NULL,
    shift_id   text NOT NULL,
    site_id    text NOT NULL,
    role       text NOT NULL,
    person_id  text,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    cancelled  boolean NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, shift_id)
);
CREATE INDEX shifts_newest ON views.shifts (tenant_id, generation, starts_at, shift_id);
CREATE INDEX shifts_site ON views.shifts (tenant_id, generation, site_id, starts_at, shift_id);
CREATE INDEX shifts_person ON views.shifts (tenant_id, generation, person_id, starts_at, shift_id)
    WHERE person_id IS NOT NULL;

CREATE TABLE views.tasks (
    tenant_id  text NOT NULL,
    generation integer NOT NULL,
    task_id    text NOT NULL,
    site_id    text NOT NULL,
    name       text NOT NULL,
    due_at     timestamptz NOT NULL,
    person_id  text,
    cancelled  boolean NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, task_id)
);
CREATE INDEX tasks_newest ON views.tasks (tenant_id, generation, due_at, task_id);
CREATE INDEX tasks_site ON views.tasks (tenant_id, generation, site_id, due_at, task_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['views.tours', 'views.shifts', 'views.tasks'] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = log.tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vedette_app', name);
    END LOOP;
END $$;
RESET ROLE;
