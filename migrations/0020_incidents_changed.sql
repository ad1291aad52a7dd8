-- Which incident of a tenant changed last, in one probe of an index.
--
-- Why: an answer about what belongs together is kept as long as no incident changed, and whether
-- one did is asked for every such answer.
--
-- Undo: DROP INDEX views.incidents_changed.

SET ROLE vedette_owner;
CREATE INDEX incidents_changed ON views.incidents (tenant_id, generation, position DESC);
RESET ROLE;
