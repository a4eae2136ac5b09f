-- Persons about whom a run says nothing, because they changed meanwhile or their row was refused.
ALTER TABLE reconciliations ADD COLUMN persons_held bigint NOT NULL DEFAULT 0;
