"""The examples beside the chart: what they name is what there is."""

import pathlib
import re
import unittest

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).parents[3]
MIGRATIONS = "\n".join(path.read_text() for path in sorted((ROOT / "migrations").glob("*.sql")))


class CloudNativePg(unittest.TestCase):
    documents = list(yaml.safe_load_all((ROOT / "examples/cloudnativepg.yaml").read_text()))

    def test_no_write_is_acknowledged_before_a_second_machine_has_it(self):
        cluster = self.documents[0]["spec"]
        self.assertGreaterEqual(cluster["instances"], 3)
        self.assertEqual(cluster["postgresql"]["synchronous"], {"method": "any", "number": 1, "dataDurability": "required"})
        self.assertIs(cluster["bootstrap"]["initdb"]["dataChecksums"], True)

    def test_the_hubs_role_owns_nothing_and_is_a_member_of_what_migrations_grant_to(self):
        roles = {role["name"]: role for role in self.documents[0]["spec"]["managed"]["roles"]}
        self.assertIn("TO serasi_app;", MIGRATIONS)
        self.assertIs(roles["serasi_app"]["login"], False)
        self.assertEqual(roles["hub"]["inRoles"], ["serasi_app"])
        self.assertNotEqual(self.documents[0]["spec"]["bootstrap"]["initdb"]["owner"], "hub")
        self.assertFalse([role for role in roles.values() if role.get("superuser") or role.get("bypassrls")])


class AuditHeads(unittest.TestCase):
    def test_the_volume_is_the_one_that_the_chart_mounts(self):
        claim = yaml.safe_load((ROOT / "examples/audit-heads.yaml").read_text())
        kubernetes_validate.validate(claim, "1.30", strict=True)
        values = yaml.safe_load((ROOT / "helm/serasi/values.yaml").read_text())
        self.assertEqual(claim["metadata"]["name"], values["audit"]["headsClaim"])
        self.assertEqual(claim["spec"]["accessModes"], ["ReadWriteMany"])


class Citus(unittest.TestCase):
    sql = (ROOT / "examples/citus/distribute.sql").read_text()
    calls = re.findall(r"^SELECT (\w+)\('(\w+)'(?:, '(\w+)')?", sql, re.MULTILINE)

    def test_every_table_has_its_place_once(self):
        tables = re.findall(r"^CREATE TABLE (\w+)", MIGRATIONS, re.MULTILINE)
        self.assertGreater(len(tables), 40)
        self.assertEqual(sorted(table for _, table, _ in self.calls), sorted(tables))

    def test_every_unique_key_of_a_distributed_table_holds_its_column(self):
        keys = {}
        for table, body in re.findall(r"^CREATE TABLE (\w+) \((.*?)^\);", MIGRATIONS, re.MULTILINE | re.DOTALL):
            keys[table] = re.findall(r"(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)", body)
        for table, columns in re.findall(r"CREATE UNIQUE INDEX \w+\s+ON (\w+) \(([^)]*)\)", MIGRATIONS):
            keys[table].append(columns)
        for function, table, column in self.calls:
            self.assertTrue(keys[table], table)
            if function == "create_distributed_table":
                for key in keys[table]:
                    self.assertIn(column, key.replace(" ", "").split(","), table)

    def test_foreign_keys_stay_within_a_group(self):
        place = {table: (function, column) for function, table, column in self.calls}
        found = 0
        for table, body in re.findall(r"^CREATE TABLE (\w+) \((.*?)^\);", MIGRATIONS, re.MULTILINE | re.DOTALL):
            for other in re.findall(r"REFERENCES (\w+)", body):
                self.assertEqual(place[table], place[other], f"{table} -> {other}")
                found += 1
        self.assertGreater(found, 15)


if __name__ == "__main__":
    unittest.main()
