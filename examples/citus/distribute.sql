-- The schema over several machines: PostgreSQL with Citus 13, distributed by region. Run by the owner of the schema on the
-- coordinator, after `serasi migrate` into an empty database and before the first hub starts. README.md beside it says
-- what stands in the way today. Every table of migrations/ is here exactly once (a test compares).

-- Settings of a transaction must reach the workers: the hub says by SET LOCAL for whom it looks.
ALTER DATABASE serasi SET citus.propagate_set_commands = 'local';

-- Small, the same for everybody, hardly ever written: a copy on each node.
SELECT create_reference_table('policies');
SELECT create_reference_table('index_key_checks');

-- A case with all that belongs to it lies on the machine of its region: what is done to it stays one local transaction.
SELECT create_distributed_table('cases', 'region_code');
SELECT create_distributed_table('intakes', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('persons', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('decisions', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('offers', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('placements', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('case_exclusions', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('case_stages', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('case_records', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('case_indicators', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('case_links', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('documents', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('identity_bindings', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('public_codes', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('data_keys', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('subject_keys', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('legal_holds', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('break_glass', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('subject_requests', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('subject_marks', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('registrations', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('registration_log', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('reconciliations', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('reconciliation_candidates', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('idempotency_keys', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_entries', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_unsealed', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_leaves', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_nodes', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_trees', 'region_code', colocate_with => 'cases');
SELECT create_distributed_table('audit_heads', 'region_code', colocate_with => 'cases');

-- Unique or found in the whole nation: spread by what one looks for, since who looks does not know the region.
SELECT create_distributed_table('source_keys', 'source_ref', colocate_with => 'none');
SELECT create_distributed_table('identity_index', 'blind_index', colocate_with => 'none');
SELECT create_distributed_table('name_index', 'token', colocate_with => 'none');
SELECT create_distributed_table('public_code_index', 'blind_index', colocate_with => 'none');

-- On the coordinator as they are: ordered by the transaction ids of one PostgreSQL, or written in one statement with what
-- is (migrations/README.md). They are the directory of some thousand facilities and the last 90 days of events.
SELECT citus_add_local_table_to_metadata('facilities');
SELECT citus_add_local_table_to_metadata('capacity_pools');
SELECT citus_add_local_table_to_metadata('holds');
SELECT citus_add_local_table_to_metadata('answer_records');
SELECT citus_add_local_table_to_metadata('facility_log');
SELECT citus_add_local_table_to_metadata('capacity_log');
SELECT citus_add_local_table_to_metadata('answer_log');
SELECT citus_add_local_table_to_metadata('events');
SELECT citus_add_local_table_to_metadata('event_horizon');
SELECT citus_add_local_table_to_metadata('event_relays');
SELECT citus_add_local_table_to_metadata('job_leases');
