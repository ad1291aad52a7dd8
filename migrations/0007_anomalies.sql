-- The anomalies as people ask for them: what was unusual, when, by which numbers, and what became of it.
--
-- Undo: DROP TABLE views.anomalies; DELETE FROM log.checkpoints WHERE follower = 'anomalies'.

SET ROLE vedette_owner;

CREATE TABLE views.anomalies (
    tenant_id     text NOT NULL,
    generation    integer NOT NULL,
    anomaly_id    text NOT NULL,
    status        text NOT NULL,
    metric        text NOT NULL,
    subject_kind  text NOT NULL,
    subject_id    text NOT NULL,
    site_id       text,
    person_id     text,
    device_id     text,
    severity      text NOT NULL,
    window_start  timestamptz NOT NULL,
    window_end    timestamptz NOT NULL,
    measured      jsonb NOT NULL,
    reason        text, -- why it was withdrawn
    revisions     bigint NOT NULL,
    detected_at   timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    position      bigint NOT NULL, -- of the last fact folded into the row
    version       bigint NOT NULL, -- of the anomaly's stream
    PRIMARY KEY (tenant_id, generation, anomaly_id)
) WITH (fillfactor = 90);
CREATE INDEX anomalies_newest ON views.anomalies
    (tenant_id, generation, detected_at DESC, anomaly_id DESC);
CREATE INDEX anomalies_subject ON views.anomalies
    (tenant_id, generation, subject_kind, subject_id, detected_at DESC);

ALTER TABLE views.anomalies ENABLE ROW LEVEL SECURITY;
ALTER TABLE views.anomalies FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON views.anomalies USING (tenant_id = log.tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON views.anomalies TO vedette_app;
RESET ROLE;
