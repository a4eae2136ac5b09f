-- A registration leads to its person, and a person to its case; whoever writes one writes the other. Asking for the case of
-- each a second time cost as much as writing the row. Both tables are locked for a moment, in the order in which reports
-- write them.
LOCK TABLE cases, registrations IN ACCESS EXCLUSIVE MODE;
ALTER TABLE registrations DROP CONSTRAINT registrations_case_exists;
