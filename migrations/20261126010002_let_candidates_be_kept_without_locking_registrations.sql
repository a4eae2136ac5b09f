-- A candidate is kept under the person's own key, which is found first, and a registration is never deleted: that the
-- person is there need not be asked, and written to the registration as a lock, once more for every row that comes near
-- somebody. Tests look whether every candidate has its registration.
-- Both tables are locked for a moment, registrations first, as persons are decided on. A hub of the release before that keeps
-- rows of a reconciliation takes them the other way round: where the two meet one gives way, and is done again.
LOCK TABLE registrations, reconciliation_candidates IN ACCESS EXCLUSIVE MODE;
ALTER TABLE reconciliation_candidates DROP CONSTRAINT reconciliation_candidates_registration_exists;
