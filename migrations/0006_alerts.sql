-- Alerts of every kind on the alert board: anomalies, calls for help and tampered devices.
--
-- Why fewer columns are required: an anomaly of a site is about no person, a tampered panel has no
-- fraud type, and a call for help may come from a phone that does not say where it is.
--
-- Undo: delete the alerts whose fraud_type, site_id or person_id is null, SET NOT NULL on these
-- columns again, DROP COLUMN metric, device_id, and drop the index alert_board_status.

SET ROLE vedette_owner;

ALTER TABLE views.alert_board
    ALTER COLUMN fraud_type DROP NOT NULL,
    ALTER COLUMN site_id DROP NOT NULL,
    ALTER COLUMN person_id DROP NOT NULL,
    ADD COLUMN metric text,
    ADD COLUMN device_id text;
CREATE INDEX alert_board_status ON views.alert_board (tenant_id, generation, status, raised_at DESC);
RESET ROLE;
