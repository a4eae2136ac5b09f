-- A registration leads to its person, and a person to its case: asking for the case of each a second time cost as much as
-- writing the row.
ALTER TABLE registrations DROP CONSTRAINT registrations_case_exists;
