"""The documents for integrators: reasons, roles and steps are those of the code, and links lead somewhere."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).parents[3]
DOCS = sorted((ROOT / "docs").rglob("*.md"))


def source(*patterns):
    return "".join(path.read_text() for pattern in patterns for path in sorted(ROOT.glob(pattern)))


class Documents(unittest.TestCase):
    def test_every_reason_of_an_error_is_listed_and_no_other(self):
        listed = re.findall(r"^\| `([A-Z_]+)` \| [A-Z_]+ \|", (ROOT / "docs/id/kesalahan.md").read_text(), re.MULTILINE)
        self.assertEqual(len(listed), len(set(listed)))
        reasons = re.findall(r'"([A-Z][A-Z_]{3,})"', source("crates/hub/src/status.rs", "crates/hub/src/status/*.rs"))
        self.assertEqual(set(listed), set(reasons))

    def test_every_role_is_listed(self):
        rows = r"^\| `([a-z_]+)` \| [^|]+ \| [^|]+ \|$"
        listed = re.findall(rows, (ROOT / "docs/id/token.md").read_text(), re.MULTILINE)
        roles = re.findall(r'Self::\w+ => "([a-z_]+)"', source("crates/hub/src/auth/caller.rs"))
        self.assertEqual(set(listed), set(roles))

    def test_names_of_the_contract_are_names_of_the_contract(self):
        contract = source("proto/serasi/v1/*.proto")
        values = r"\b(?:ROUTE_RESULT|PUBLIC_STEP|DECLINE_REASON|CASE_STATE|CHANNEL|LEGAL_BASIS|CLUSTER|URGENCY|MASK_REASON|OWNER_KIND|WATCH_STEP|ENTRY_CODE)_[A-Z_]+\b"
        verbs = r"`(?:\w+Service\.)?((?:Get|List|Watch|Submit|Stream|Propose|Report|Mark|Accept|Decline|Admit|Discharge|Cancel|Request|Record|Advance|Sign|Add|Acknowledge)[A-Z]\w+)`"
        for path in DOCS:
            text = path.read_text()
            for value in set(re.findall(values, text)):
                self.assertIn(f" {value} = ", contract, path.name)
            for verb in set(re.findall(verbs, text)) - {"RequestInfo"}:
                self.assertIn(f"rpc {verb}(", contract, path.name)

    def test_every_link_leads_somewhere(self):
        found = 0
        for path in DOCS:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
                if not target.startswith("https://"):
                    self.assertTrue((path.parent / target).exists(), f"{path.name}: {target}")
                    found += 1
        self.assertGreater(found, 10)


if __name__ == "__main__":
    unittest.main()
