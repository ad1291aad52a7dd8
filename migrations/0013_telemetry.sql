-- The newest signal of a person and of a site, found in one probe of an index.
--
-- Why: an answer about a subject's signals is good until the subject has a newer one. The position
-- of the newest tells so, and asking for it must cost less than the answer itself.
--
-- Undo: DROP INDEX views.signals_person_newest, views.signals_site_newest.

SET ROLE vedette_owner;

CREATE INDEX signals_person_newest ON views.signals (tenant_id, generation, person_id, position)
    WHERE person_id IS NOT NULL;
CREATE INDEX signals_site_newest ON views.signals (tenant_id, generation, site_id, position)
    WHERE site_id IS NOT NULL;
RESET ROLE;
