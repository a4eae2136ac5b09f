-- A file that broke off says neither who is missing nor how many rows there are; one with many bad rows says the second.
ALTER TABLE reconciliations ADD COLUMN broke_off boolean NOT NULL DEFAULT false;
