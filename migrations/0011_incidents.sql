-- Incidents as lists and pages show them, with their things and links.
--
-- Why the things stand in the row as JSON: an incident holds at most 200 of them, they are always
-- shown together, and one fact changes one row.
--
-- Undo: DROP TABLE views.incidents. The log tells it again.

SET ROLE vedette_owner;

CREATE TABLE views.incidents (
    tenant_id       text NOT NULL,
    generation      integer NOT NULL,
    incident_id     text NOT NULL,
    title           text NOT NULL,
    status          text NOT NULL,
    severity        text NOT NULL,
    severity_rule   text NOT NULL,
    site_id         text,
    person_id       text,
    items           jsonb NOT NULL,
    item_count      bigint NOT NULL,
    persons         jsonb NOT NULL,
    devices         jsonb NOT NULL,
    sites           jsonb NOT NULL,
    links           jsonb NOT NULL,
    split_from      text,
    merged_into     text,
    acknowledged_by text,
    resolution      text,
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    opened_at       timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    position        bigint NOT NULL,
    version         bigint NOT NULL,
    PRIMARY KEY (tenant_id, generation, incident_id)
) WITH (fillfactor = 80);
CREATE INDEX incidents_newest ON views.incidents (tenant_id, generation, opened_at DESC, incident_id DESC);
CREATE INDEX incidents_status ON views.incidents (tenant_id, generation, status, opened_at DESC);

ALTER TABLE views.incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE views.incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON views.incidents USING (tenant_id = log.tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON views.incidents TO vedette_app;
RESET ROLE;
