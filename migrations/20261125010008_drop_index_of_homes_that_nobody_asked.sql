-- Superseded by registrations_by_home.
DROP INDEX registrations_at_home;
