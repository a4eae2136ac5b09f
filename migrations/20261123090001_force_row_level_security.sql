-- The database as backstop: the hub's role sees rows about cases only in a transaction that says for whom
-- (crates/store/src/context.rs), and cannot change what is append-only. Roles: whoever runs migrations owns the tables;
-- the hub logs in as a member of serasi_app and owns nothing. Row-level security is forced, so the owner is bound, too.
--
-- A table of a later migration must bring its own policy or a place in the list of tests/tests/behaviour/schema.rs.

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'serasi_app') THEN
        CREATE ROLE serasi_app NOLOGIN;
    END IF;
EXCEPTION
    -- Another database of the cluster was migrated at the same moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role serasi_app is missing, and this role may not create it'
            USING HINT = 'Have an administrator run: CREATE ROLE serasi_app NOLOGIN; then migrate again.';
END $$;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO serasi_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO serasi_app;
GRANT DELETE ON idempotency_keys, audit_unsealed, data_keys, identity_index, name_index, index_key_checks TO serasi_app;
-- Append-only. (Reports are not: their keys are rotated.)
REVOKE UPDATE ON audit_entries, audit_leaves, audit_nodes, audit_heads, events, decisions, facility_log, capacity_log,
    answer_log FROM serasi_app;

-- Which migrations were run is the migrator's to write; a schema that was laid down by hand has no such table.
DO $$
BEGIN
    IF to_regclass('_sqlx_migrations') IS NOT NULL THEN
        REVOKE INSERT, UPDATE ON _sqlx_migrations FROM serasi_app;
    END IF;
END $$;

DO $$
DECLARE
    -- A look of a caller: a region, a facility, one case. Sub-selects: asked once in a statement, not once in a row.
    in_scope  constant text := $p$ (SELECT current_setting('serasi.scope', true)) = 'ID'
        OR %1$s = (SELECT current_setting('serasi.scope', true))
        OR starts_with(%1$s, (SELECT NULLIF(current_setting('serasi.scope', true), '') || '.')) $p$;
    of_facility constant text := $p$ facility_id
        = (SELECT NULLIF(substr(current_setting('serasi.facility', true), 6), '')::uuid) $p$;
    owned     constant text := $p$ owner_kind = 'facility'
        AND owner_reference = (SELECT current_setting('serasi.facility', true)) $p$;
    of_owned_case constant text := $p$ EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = %1$I.region_code AND c.case_id = %1$I.case_id AND c.owner_kind = 'facility'
            AND c.owner_reference = (SELECT NULLIF(current_setting('serasi.facility', true), ''))) $p$;
    -- Who may see an offer may see what case it is for.
    is_offered constant text := $p$ EXISTS (SELECT 1 FROM offers o
        WHERE o.region_code = cases.region_code AND o.case_id = cases.case_id) $p$;
    this_case constant text := $p$ case_id = (SELECT NULLIF(current_setting('serasi.case_id', true), '')::uuid) $p$;
    works     constant text := $p$ (SELECT current_setting('serasi.work', true)) = 'on' $p$;
    on_persons constant text := $p$ (SELECT current_setting('serasi.persons', true)) = 'on' $p$;
    -- In any context at all.
    any_context constant text := $p$ (SELECT current_setting('serasi.work', true) = 'on'
        OR current_setting('serasi.scope', true) <> '' OR current_setting('serasi.facility', true) <> ''
        OR current_setting('serasi.case_id', true) <> '') $p$;
    name      text;
BEGIN
    -- Commands and jobs work on these across regions.
    FOREACH name IN ARRAY ARRAY['cases', 'offers', 'placements', 'decisions', 'case_exclusions', 'holds', 'source_keys',
        'idempotency_keys', 'events', 'break_glass', 'legal_holds', 'audit_leaves', 'audit_nodes', 'audit_trees',
        'audit_heads']
    LOOP
        EXECUTE format('CREATE POLICY work ON %I USING (%s) WITH CHECK (%s)', name, works, works);
    END LOOP;

    -- What a caller may look at.
    EXECUTE format('CREATE POLICY look ON cases FOR SELECT USING (%s OR %s OR %s OR %s)',
        format(in_scope, 'region_code'), owned, this_case, is_offered);
    EXECUTE format('CREATE POLICY look ON offers FOR SELECT USING (%s OR %s OR %s OR %s)',
        format(in_scope, 'region_code'), format(in_scope, 'facility_region'), of_facility, this_case);
    EXECUTE format('CREATE POLICY look ON placements FOR SELECT USING (%s OR %s OR %s)',
        format(in_scope, 'region_code'), of_facility, this_case);
    FOREACH name IN ARRAY ARRAY['decisions', 'case_exclusions', 'persons', 'intakes', 'subject_keys', 'legal_holds']
    LOOP
        EXECUTE format('CREATE POLICY look ON %I FOR SELECT USING (%s OR %s OR %s)', name,
            format(in_scope, 'region_code'), this_case, format(of_owned_case, name));
    END LOOP;
    FOREACH name IN ARRAY ARRAY['break_glass', 'audit_leaves', 'audit_nodes', 'audit_trees', 'audit_heads',
        'audit_entries']
    LOOP
        EXECUTE format('CREATE POLICY look ON %I FOR SELECT USING (%s)', name, format(in_scope, 'region_code'));
    END LOOP;

    -- Persons and reports: a command writes new ones, and sees those that are there only if it works on persons. What it
    -- writes it seals with keys that it may find or make; only who works on persons wraps them anew or destroys them.
    FOREACH name IN ARRAY ARRAY['persons', 'intakes', 'subject_keys']
    LOOP
        EXECUTE format('CREATE POLICY report ON %I FOR INSERT WITH CHECK (%s)', name, works);
    END LOOP;
    EXECUTE format('CREATE POLICY work_reads ON subject_keys FOR SELECT USING (%s)', works);
    FOREACH name IN ARRAY ARRAY['persons', 'intakes', 'subject_keys', 'identity_index', 'name_index']
    LOOP
        EXECUTE format('CREATE POLICY work_on_persons ON %I USING (%s) WITH CHECK (%s)', name, on_persons, on_persons);
    END LOOP;

    -- Every act is recorded, a look as well; the sealer reads what was.
    FOREACH name IN ARRAY ARRAY['audit_entries', 'audit_unsealed']
    LOOP
        EXECUTE format('CREATE POLICY record ON %I FOR INSERT WITH CHECK (%s)', name, any_context);
        EXECUTE format('CREATE POLICY seal_reads ON %I FOR SELECT USING (%s)', name, works);
    END LOOP;
    EXECUTE format('CREATE POLICY seal_takes ON audit_unsealed FOR DELETE USING (%s)', works);

    FOREACH name IN ARRAY ARRAY['cases', 'offers', 'placements', 'decisions', 'case_exclusions', 'holds', 'persons',
        'intakes', 'subject_keys', 'identity_index', 'name_index', 'break_glass', 'legal_holds', 'source_keys',
        'idempotency_keys', 'events', 'audit_entries', 'audit_unsealed', 'audit_leaves', 'audit_nodes', 'audit_trees',
        'audit_heads']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
