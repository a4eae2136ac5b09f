-- False = who is not among the rows may stand in what could not be read: nothing is concluded about them. The release before
-- knows no such sources.
ALTER TABLE reconciliations ADD COLUMN is_whole boolean NOT NULL DEFAULT true;
