-- no-transaction
-- Each sub-select of a policy is set up anew with every statement, whether it is asked or not, and the policies of cases and
-- offers stand once more in every policy that looks at a case: a look at the persons of a case set up some hundred and fifty.
-- The same rows are seen as before, by fewer of them: only the region's stays one, for it is made of more than a setting, and
-- asked of every row; a setting alone is read as quickly as what a sub-select has left. A house that has or expects the persons
-- and one that answers for the case are one look at the case.
-- Each table is locked by itself and for a moment; what broke off is done again.
DO $$
DECLARE
    -- 32.73 is in 32.73 and in 32, and everything is in the nation; without a scope nothing is.
    in_scope constant text := $p$ starts_with(%s || '.', (SELECT CASE current_setting('serasi.scope', true)
        WHEN 'ID' THEN '' ELSE NULLIF(current_setting('serasi.scope', true), '') || '.' END)) $p$;
    this_case constant text := $p$ case_id = NULLIF(current_setting('serasi.case_id', true), '')::uuid $p$;
    answers_for constant text := $p$ CASE WHEN owner_kind = 'facility' THEN owner_reference END $p$;
    of_cases constant text := $p$ EXISTS (SELECT 1 FROM cases c
        WHERE c.region_code = %1$I.region_code AND c.case_id = %1$I.case_id
            AND NULLIF(current_setting('serasi.facility', true), '') = ANY (ARRAY[%2$s])) $p$;
    houses constant text := 'facility_reference, transfer_facility_reference';
    of_facility constant text := $p$ facility_id
        = NULLIF(substr(current_setting('serasi.facility', true), 6), '')::uuid $p$;
    is_offered constant text := $p$ EXISTS (SELECT 1 FROM offers o
        WHERE o.region_code = cases.region_code AND o.case_id = cases.case_id) $p$;
    setting text;
    of record;
    name text;
BEGIN
    EXECUTE format('ALTER POLICY look ON cases USING (%s OR %s OR %s OR %s)', format(in_scope, 'region_code'), this_case,
        format($p$ NULLIF(current_setting('serasi.facility', true), '') = ANY (ARRAY[%s, %s]) $p$,
            answers_for, houses),
        is_offered);
    DROP POLICY IF EXISTS houses ON cases;
    COMMIT;
    EXECUTE format('ALTER POLICY look ON offers USING (%s OR %s OR %s OR %s)', format(in_scope, 'region_code'),
        format(in_scope, 'facility_region'), of_facility, this_case);
    COMMIT;
    EXECUTE format('ALTER POLICY look ON placements USING (%s OR %s OR %s)', format(in_scope, 'region_code'),
        of_facility, this_case);
    COMMIT;
    -- Whoever answers for the case, and whoever has or expects the persons.
    FOREACH name IN ARRAY ARRAY['persons', 'intakes', 'subject_keys', 'decisions', 'case_exclusions', 'legal_holds',
        'case_records', 'case_indicators', 'case_stages']
    LOOP
        EXECUTE format('ALTER POLICY look ON %I USING (%s OR %s OR %s)', name, format(in_scope, 'region_code'), this_case,
            format(of_cases, name, answers_for || ', ' || houses));
        EXECUTE format('DROP POLICY IF EXISTS houses ON %I', name);
        COMMIT;
    END LOOP;
    -- Whoever answers for the case.
    FOREACH name IN ARRAY ARRAY['documents', 'identity_bindings']
    LOOP
        EXECUTE format('ALTER POLICY look ON %I USING (%s OR %s OR %s)', name, format(in_scope, 'region_code'), this_case,
            format(of_cases, name, answers_for));
        COMMIT;
    END LOOP;
    EXECUTE format('ALTER POLICY look ON case_links USING (%s OR %s OR %s OR %s OR %s)', format(in_scope, 'region_code'),
        this_case, format(of_cases, 'case_links', answers_for || ', ' || houses), format(in_scope, 'main_region'),
        replace(this_case, 'case_id =', 'main_case_id ='));
    COMMIT;
    EXECUTE format('ALTER POLICY look ON registrations USING (%s OR %s OR %s)', format(in_scope, 'region_code'),
        format(in_scope, 'first_addressee'), this_case);
    COMMIT;
    FOREACH name IN ARRAY ARRAY['audit_entries', 'audit_heads', 'audit_leaves', 'audit_nodes', 'audit_trees',
        'break_glass', 'subject_marks', 'subject_requests']
    LOOP
        EXECUTE format('ALTER POLICY look ON %I USING (%s)', name, format(in_scope, 'region_code'));
        COMMIT;
    END LOOP;
    EXECUTE format('ALTER POLICY look ON reconciliations USING (%s)', format(in_scope, 'scope'));
    COMMIT;
    -- What commands and jobs may do is one setting.
    FOR of IN SELECT tablename, policyname, cmd, with_check IS NOT NULL AS has_check FROM pg_policies
        WHERE schemaname = current_schema AND policyname IN ('work', 'work_reads', 'work_on_persons', 'report', 'seal_reads',
            'seal_takes')
        ORDER BY tablename, policyname
    LOOP
        setting := format($p$ (current_setting(%L, true) = 'on') $p$,
            CASE of.policyname WHEN 'work_on_persons' THEN 'serasi.persons' ELSE 'serasi.work' END);
        EXECUTE format('ALTER POLICY %I ON %I', of.policyname, of.tablename)
            || CASE WHEN of.cmd = 'INSERT' THEN '' ELSE ' USING' || setting END
            || CASE WHEN of.has_check THEN ' WITH CHECK' || setting ELSE '' END;
        COMMIT;
    END LOOP;
END $$;
