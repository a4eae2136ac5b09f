-- Each cost an entry for every report of its kind. Superseded by cases_seeking_in_order, ...
DROP INDEX cases_waiting;
DROP INDEX cases_waiting_in_order;
-- by cases_by_deadline,
DROP INDEX cases_overdue;
-- and by nothing: the condition of a facility's sight is an OR that no index serves.
DROP INDEX cases_by_facility;
