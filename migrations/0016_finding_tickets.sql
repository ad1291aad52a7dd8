-- The ticket that works on a finding, as lists and pages of findings show it.
--
-- Why no value for the rows that stand: the log tells it, and a rebuild reads the log. Findings from
-- before this release show their ticket after `vedette rebuild findings`.
--
-- Undo: ALTER TABLE views.findings DROP COLUMN ticket_id.

SET ROLE vedette_owner;
ALTER TABLE views.findings ADD COLUMN ticket_id text;
RESET ROLE;
