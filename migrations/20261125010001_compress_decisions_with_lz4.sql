-- A decision is the largest row of a report, and pglz took five in a hundred of the server's time. Where the server has been
-- built without lz4 it stays as it was; what is written already is read either way.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        ALTER TABLE decisions ALTER COLUMN record SET COMPRESSION lz4, ALTER COLUMN inputs SET COMPRESSION lz4;
    END IF;
END $$;
