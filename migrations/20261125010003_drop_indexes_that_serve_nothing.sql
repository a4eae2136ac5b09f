-- Each cost an entry or more for every report. Read with EXPLAIN as the hub's role, on 300,000 cases:
-- the board follows capacity_log, and a pool whose change time is indexed cannot be changed in its page;
DROP INDEX capacity_pools_by_change;
ALTER TABLE capacity_pools SET (fillfactor = 60);
-- superseded by cases_seeking_in_order and cases_by_state (20261123100001 said so of the second and third);
DROP INDEX cases_waiting;
DROP INDEX cases_waiting_in_order;
DROP INDEX cases_overdue;
-- the condition of a facility's sight is an OR that no index serves;
DROP INDEX cases_by_facility;
-- the acts of a regency in a period are found by their time;
DROP INDEX audit_entries_by_region_and_time;
-- an obligation is found by its age (registrations_in_order) or its addressee.
DROP INDEX registrations_by_region;
