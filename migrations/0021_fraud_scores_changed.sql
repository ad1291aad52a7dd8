-- Which score of a tenant changed last, in one probe of an index.
--
-- Why: an answer of the high risk board is kept as long as no score changed, and whether one did is
-- asked for every such answer. Scores below the board's bound count as well: one may have left it.
--
-- Undo: DROP INDEX views.fraud_scores_changed.

SET ROLE vedette_owner;
CREATE INDEX fraud_scores_changed ON views.fraud_scores (tenant_id, generation, position DESC);
RESET ROLE;
