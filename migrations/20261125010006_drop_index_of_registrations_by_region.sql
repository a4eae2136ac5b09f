-- An obligation is found by its age (registrations_in_order) or its addressee.
DROP INDEX registrations_by_region;
