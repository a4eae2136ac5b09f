"""The chart as Helm renders it, checked against the schemas of Kubernetes and against what it promises.

Run by `cargo test` (tests/tests/shipped.rs). After a change that is meant: SERASI_UPDATE_CHART=1 cargo test -p serasi-tests
--test shipped, then look at the difference of the snapshots.
"""

import copy
import json
import os
import pathlib
import re
import unittest

import helm_python as helm
import kubernetes_validate
import promql_parser
import yaml

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
CHART = ROOT / "helm/serasi"
SNAPSHOTS = HERE / "snapshots"
SETS = {path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text()) for path in CHART.glob("ci/*-values.yaml")}
# The oldest Kubernetes that the chart says it runs on, and the newest whose schemas there are.
VERSIONS = ["1.30", "1.37"]
# Kinds of others, whose schemas are in no Python package.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "GRPCRoute"}


def values(name="minimal", **changes):
    """A value set with changes, whose keys are paths: database__connections=3."""
    merged = copy.deepcopy(SETS[name])
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = merged
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return merged


def render(chosen):
    with helm.Chart.load(str(CHART)) as chart:
        return chart.render(chosen, name="serasi", namespace="sosial")


def documents(chosen):
    files = {name: text for name, text in render(chosen).items() if not name.endswith("NOTES.txt")}
    return [document for name in sorted(files) for document in yaml.safe_load_all(files[name]) if document]


def of_kind(chosen, kind, name=None):
    found = [d for d in documents(chosen) if d["kind"] == kind and name in (None, d["metadata"]["name"])]
    return found[0] if found else None


def pods(chosen):
    return [d["spec"]["template"] for d in documents(chosen) if d["kind"] in {"Deployment", "Job"}]


def refusal(chosen):
    """Why Helm takes these values not; None = it takes them."""
    try:
        with helm.Chart.load(str(CHART)) as chart:
            chart.validate_schema(chosen)
            chart.render(chosen, name="serasi", namespace="sosial")
    except helm.HelmError as error:
        return str(error)
    return None


class Forms(unittest.TestCase):
    def test_every_set_of_values_is_linted_strictly(self):
        self.assertEqual(set(SETS), {"minimal", "full", "gitops"})
        for name, chosen in SETS.items():
            report = helm.lint(str(CHART), chosen, strict=True, kube_version="v1.30.0")
            worse = [message for message in report["messages"] if message["severity"] > 1]
            self.assertEqual((worse, report["errors"]), ([], []), name)

    def test_every_document_follows_the_schema_of_kubernetes(self):
        for name, chosen in SETS.items():
            for document in documents(chosen):
                if document["kind"] in FOREIGN:
                    continue
                for version in VERSIONS:
                    with self.subTest(values=name, kind=document["kind"], version=version):
                        kubernetes_validate.validate(document, version, strict=True)

    def test_what_is_rendered_is_what_was_looked_at(self):
        for name, chosen in SETS.items():
            text = "---\n".join(yaml.dump(document, sort_keys=False, width=120) for document in documents(chosen))
            path = SNAPSHOTS / f"{name}.yaml"
            if os.environ.get("SERASI_UPDATE_CHART"):
                path.write_text(text)
            self.assertEqual(text, path.read_text(), f"{path.name}: SERASI_UPDATE_CHART=1 writes it anew, if this is meant")

    def test_notes_name_the_place_and_the_check(self):
        notes = next(text for name, text in render(values()).items() if name.endswith("NOTES.txt"))
        self.assertIn("serasi.sosial.svc:50051 (TLS)", notes)
        self.assertIn("serasi doctor", notes)


class Refusals(unittest.TestCase):
    def assert_refused(self, word, chosen):
        why = refusal(chosen)
        self.assertIsNotNone(why, "these values must be refused")
        self.assertIn(word, why)

    def test_defaults_alone_are_refused_with_what_is_missing(self):
        self.assert_refused("image.repository: say where the image is", {})
        self.assert_refused("auth.issuer: say the `iss`", values(auth__issuer=""))
        self.assert_refused("auth.jwks: say the https:// address", values(auth__jwks=""))

    def test_unknown_keys_are_refused_on_every_level(self):
        whole = yaml.safe_load((CHART / "values.yaml").read_text())
        free = {"resources", "affinity", "env", "podAnnotations", "podLabels", "nodeSelector"}
        for key, value in whole.items():
            if isinstance(value, dict) and key not in free:
                self.assert_refused("misspelt", values(**{f"{key}__misspelt": 1}))
        self.assert_refused("misspelt", values(misspelt=1))
        self.assert_refused("misspelt", values(keys__transit__misspelt=1))
        self.assert_refused("misspelt", values(monitoring__rules__misspelt=1))

    def test_wrong_types_and_values_are_refused(self):
        for changes in [
            {"replicas": 1},
            {"replicas": "2"},
            {"replicas": 2.5},
            {"tls__plaintext": "yes"},
            {"image__digest": "sha256:short"},
            {"auth__jwks": "http://login.example.go.id/jwks.json"},
            {"database__connections": 3},
            {"database__urlSecret": ""},
            {"migrate__mode": "sometimes"},
            {"shutdown__preStopSeconds": 23},
            {"networkPolicy__clients": "all"},
            {"env": {"LD_PRELOAD": "x"}},
            {"env": {"SERASI_TOKEN": "x"}},
            {"limits__callsInFlight": 0},
        ]:
            with self.subTest(changes=changes):
                self.assertIsNotNone(refusal(values(**changes)))

    def test_every_default_is_known_to_the_schema(self):
        def compare(place, known, default):
            self.assertFalse(known.get("additionalProperties", True), f"{place or 'the whole'} is not closed")
            names = set(known["properties"]) - {"global"}
            self.assertEqual(names, set(default), place)
            for name in names:
                if "properties" in known["properties"][name]:
                    compare(f"{place}.{name}", known["properties"][name], default[name])

        schema = json.loads((CHART / "values.schema.json").read_text())
        compare("", schema, yaml.safe_load((CHART / "values.yaml").read_text()))

    def test_more_connections_than_the_database_has_are_refused_with_the_sum(self):
        # 24 x (2 + 1) = 72 of 90.
        self.assertIsNone(refusal(values()))
        self.assertIsNone(refusal(values(database__connections=30)))
        self.assert_refused("need 93 connections, but the server leaves 90", values(database__connections=31))
        self.assert_refused("raise max_connections", values(replicas=3))
        scaled = {"autoscaling__enabled": True, "autoscaling__maxReplicas": 6}
        self.assert_refused("6 replicas, and one more during a rollout", values(**scaled))
        self.assertIsNone(refusal(values(database__maxConnections=178, **scaled)))
        self.assert_refused("need 168", values(database__maxConnections=177, **scaled))

    def test_what_would_fail_later_is_refused_now(self):
        self.assert_refused("graceSeconds: must be more than 48", values(shutdown__graceSeconds=48))
        self.assert_refused("tls.secret", values(tls__secret=""))
        self.assert_refused("tls.clientCa", values(tls__plaintext=True, tls__clientCa=True))
        self.assert_refused("keys.sealKey", values(keys__sealKey=""))
        self.assert_refused("tokenSecret", values(keys__transit__url="https://vault"))
        self.assert_refused("ingress.host", values(ingress__enabled=True))
        self.assert_refused("grpcRoute.parentRefs", values(grpcRoute__enabled=True))
        self.assert_refused("monitoring.traces.caConfigMap", values(monitoring__traces__caConfigMap="collector-ca"))
        few = {"autoscaling__enabled": True, "autoscaling__maxReplicas": 2}
        self.assert_refused("less than replicas", values(replicas=3, database__maxConnections=500, **few))
        self.assert_refused("nothing to scale by", values(autoscaling__cpuPercent=0, **few))


class Promises(unittest.TestCase):
    def test_every_container_is_held_to_the_restricted_standard(self):
        for chosen in SETS.values():
            for pod in pods(chosen):
                spec = pod["spec"]
                self.assertIs(spec["automountServiceAccountToken"], False)
                self.assertIs(spec["enableServiceLinks"], False)
                self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertNotIn("hostNetwork", spec)
                for container in spec["containers"] + spec.get("initContainers", []):
                    security = container["securityContext"]
                    self.assertIs(security["allowPrivilegeEscalation"], False)
                    self.assertIs(security["readOnlyRootFilesystem"], True)
                    self.assertIs(security["runAsNonRoot"], True)
                    self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                    self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertIn("memory", container["resources"]["limits"])
                kinds = {kind for volume in spec["volumes"] for kind in volume} - {"name"}
                self.assertLessEqual(kinds, {"secret", "configMap", "emptyDir", "persistentVolumeClaim"})

    def test_secrets_are_named_and_reach_the_hub_as_files_only(self):
        for chosen in SETS.values():
            for document in documents(chosen):
                text = yaml.dump(document)
                self.assertNotEqual(document["kind"], "Secret")
                for sign in ["postgres://", "nats://", "PRIVATE KEY", "secretKeyRef", "secretRef", "password"]:
                    self.assertNotIn(sign, text)
            for pod in pods(chosen):
                for volume in pod["spec"]["volumes"]:
                    if "secret" in volume:
                        self.assertEqual(volume["secret"]["defaultMode"], 0o440)
                for container in pod["spec"]["containers"]:
                    paths = [mount["mountPath"] for mount in container["volumeMounts"]]
                    self.assertEqual(len(paths), len(set(paths)))
                    # A file that is mounted by itself is not renewed.
                    self.assertFalse([mount for mount in container["volumeMounts"] if "subPath" in mount])

    def test_every_file_that_a_setting_names_is_mounted(self):
        for name, chosen in SETS.items():
            settings = of_kind(chosen, "ConfigMap")["data"]
            spec = of_kind(chosen, "Deployment")["spec"]["template"]["spec"]
            folders = [mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]]
            files = [value for value in settings.values() if value.startswith("/")]
            self.assertGreater(len(files), 5)
            for file in files:
                self.assertTrue([f for f in folders if (file + "/").startswith(f + "/")], f"{name}: {file}")
            self.assertEqual(
                sorted(mount["name"] for mount in spec["containers"][0]["volumeMounts"]),
                sorted(volume["name"] for volume in spec["volumes"]),
            )

    def test_two_replicas_stand_apart_and_one_can_go(self):
        for chosen in SETS.values():
            hub = of_kind(chosen, "Deployment")
            least = hub["spec"].get("replicas") or of_kind(chosen, "HorizontalPodAutoscaler")["spec"]["minReplicas"]
            self.assertGreaterEqual(least, 2)
            self.assertEqual(hub["spec"]["strategy"]["rollingUpdate"], {"maxUnavailable": 0, "maxSurge": 1})
            labels = hub["spec"]["template"]["metadata"]["labels"]
            budget = of_kind(chosen, "PodDisruptionBudget")
            self.assertEqual(budget["spec"]["maxUnavailable"], 1)
            spread = hub["spec"]["template"]["spec"]["topologySpreadConstraints"]
            keys = [constraint["topologyKey"] for constraint in spread]
            self.assertEqual(keys, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"])
            selectors = [constraint["labelSelector"]["matchLabels"] for constraint in spread]
            for selector in [*selectors, budget["spec"]["selector"]["matchLabels"], hub["spec"]["selector"]["matchLabels"]]:
                self.assertLessEqual(selector.items(), labels.items())

    def test_a_pod_that_goes_serves_until_it_is_forgotten_and_drains_before_it_is_killed(self):
        server = (ROOT / "crates/hub/src/server.rs").read_text()
        drains = [int(seconds) for seconds in re.findall(r"DRAIN: Duration = Duration::from_secs\((\d+)\)", server)]
        self.assertEqual(len(drains), 2, "DRAIN and JOB_DRAIN")
        spec = of_kind(values(), "Deployment")["spec"]["template"]["spec"]
        before = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        self.assertGreater(before, sum(drains))
        self.assertGreater(spec["terminationGracePeriodSeconds"], before + sum(drains))
        least = before + sum(drains) + 1
        self.assertIsNone(refusal(values(shutdown__graceSeconds=least)))
        self.assertIsNotNone(refusal(values(shutdown__graceSeconds=least - 1)))

    def test_probes_ask_the_health_port_and_life_does_not_hang_on_the_database(self):
        container = of_kind(values(), "Deployment")["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        settings = of_kind(values(), "ConfigMap")["data"]
        for name, setting in [("grpc", "SERASI_LISTEN"), ("health", "SERASI_HEALTH"), ("metrics", "SERASI_METRICS")]:
            self.assertEqual(settings[setting], f"0.0.0.0:{ports[name]}")
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
            self.assertEqual(container[probe]["grpc"]["port"], ports["health"])
        self.assertEqual(container["livenessProbe"]["grpc"]["service"], "liveness")
        self.assertNotIn("service", container["readinessProbe"]["grpc"])

    def test_nothing_passes_the_network_policy_but_what_is_listed(self):
        for chosen in SETS.values():
            policies = [d for d in documents(chosen) if d["kind"] == "NetworkPolicy"]
            for pod in pods(chosen):
                labels = pod["metadata"]["labels"]
                over = [p for p in policies if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
                self.assertEqual(len(over), 1, "one policy over each pod")
                spec = over[0]["spec"]
                self.assertEqual(spec["policyTypes"], ["Ingress", "Egress"])
                for rule in spec.get("ingress", []):
                    self.assertTrue(rule["from"], "a rule without peers lets everybody in")
                for rule in spec["egress"]:
                    self.assertTrue(rule["ports"], "a rule without ports lets everything out")
        ways = lambda chosen: {p["port"] for r in of_kind(chosen, "NetworkPolicy", "serasi")["spec"]["egress"] for p in r["ports"]}
        self.assertEqual(ways(values()), {53, 5432, 443})
        self.assertEqual(ways(values("full")), {53, 5432, 443, 8200, 4222, 4317, 3128})
        nobody = of_kind(values(networkPolicy__clients=[], networkPolicy__scrapers=[]), "NetworkPolicy", "serasi")
        self.assertFalse(nobody["spec"]["ingress"])
        self.assertIsNone(of_kind(values(networkPolicy__enabled=False), "NetworkPolicy"))

    def test_the_migration_is_a_hook_or_a_job_of_its_own_name_or_somebody_elses(self):
        hook = of_kind(values(), "Job")
        self.assertEqual(hook["metadata"]["annotations"]["helm.sh/hook"], "pre-install,pre-upgrade")
        policy = of_kind(values(), "NetworkPolicy", "serasi-migrate")["metadata"]["annotations"]
        self.assertLess(int(policy["helm.sh/hook-weight"]), int(hook["metadata"]["annotations"]["helm.sh/hook-weight"]))
        plain = [of_kind(values(migrate__mode="job", image__tag=tag), "Job") for tag in ["0.1.0", "0.2.0", "0.1.0"]]
        for job in plain:
            self.assertNotIn("annotations", job["metadata"])
        names = [job["metadata"]["name"] for job in plain]
        self.assertEqual(names[0], names[2])
        self.assertNotEqual(names[0], names[1])
        self.assertIsNone(of_kind(values(migrate__mode="none"), "Job"))
        owner, hub = (pod["spec"]["volumes"] for pod in reversed(pods(values())))
        secrets = lambda volumes: {v["secret"]["secretName"] for v in volumes if "secret" in v}
        self.assertFalse(secrets(owner) & secrets(hub), "the hub never has the owner's URL")

    def test_a_changed_setting_rolls_the_pods(self):
        checksum = lambda chosen: of_kind(chosen, "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
        self.assertEqual(checksum(values()), checksum(values()))
        self.assertNotEqual(checksum(values()), checksum(values(keepEventsDays=30)))

    def test_every_setting_is_one_that_the_hub_reads(self):
        sources = "".join(path.read_text() for path in (ROOT / "crates/serasi/src").rglob("*.rs"))
        known = set(re.findall(r'env = "((?:SERASI|DATABASE)_[A-Z_]+)"', sources))
        named = set()
        for chosen in [*SETS.values(), values(tls__clientCa=True)]:
            for pod in pods(chosen):
                for container in pod["spec"]["containers"]:
                    named |= {entry["name"] for entry in container["env"]}
            named |= set(of_kind(chosen, "ConfigMap")["data"])
        self.assertEqual(named - known - {"POD_NAME", "RUST_LOG"}, set())


class Monitoring(unittest.TestCase):
    rules = [rule for group in yaml.safe_load((CHART / "files/alerts.yaml").read_text())["groups"] for rule in group["rules"]]
    dashboard = json.loads((CHART / "files/dashboard.json").read_text())

    def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert(self):
        sections = re.findall(r"^### (Serasi\w+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)
        self.assertEqual(sections, [rule["alert"] for rule in self.rules])
        for rule in self.rules:
            self.assertEqual(rule["annotations"]["runbook_url"], f"docs/runbook.md#{rule['alert'].lower()}")
            self.assertIn(rule["labels"]["severity"], {"warning", "critical"})
            self.assertTrue(rule["annotations"]["summary"].endswith("."))

    def test_every_expression_is_promql_over_metrics_that_are_written_down(self):
        panels = [panel for panel in self.dashboard["panels"] if panel["type"] != "row"]
        expressions = [rule["expr"] for rule in self.rules]
        expressions += [target["expr"].replace("$__rate_interval", "1m") for panel in panels for target in panel["targets"]]
        names = set()
        for expression in expressions:
            promql_parser.parse(expression)
            names |= set(re.findall(r"\bserasi_\w+", expression))
        names = {re.sub("_(bucket|count|sum)$", "", name) for name in names}
        written = set(re.findall(r"^\| `(serasi_\w+)", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))
        self.assertEqual(names, written)
        sources = "".join(path.read_text() for path in (ROOT / "crates").glob("*/src/**/*.rs"))
        measured = set(re.findall(r'!\(\s*"(serasi_\w+)"', sources))
        self.assertEqual(written, measured)

    def test_rules_and_dashboard_reach_the_cluster_whole(self):
        rules = of_kind(values("full"), "PrometheusRule")["spec"]["groups"]
        urls = [rule["annotations"]["runbook_url"] for group in rules for rule in group["rules"]]
        self.assertEqual(len(urls), len(self.rules))
        for url in urls:
            self.assertTrue(url.startswith("https://git.example.go.id/serasi/blob/main/docs/runbook.md#"), url)
        shown = of_kind(values("full"), "ConfigMap", "serasi-dashboard")["data"]["serasi.json"]
        self.assertEqual(json.loads(shown), self.dashboard)
        monitor = of_kind(values("full"), "ServiceMonitor")["spec"]
        service = of_kind(values("full"), "Service", "serasi-metrics")
        self.assertLessEqual(monitor["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())
        self.assertIn(monitor["endpoints"][0]["port"], [port["name"] for port in service["spec"]["ports"]])

    def test_panels_do_not_lie_upon_each_other(self):
        taken = set()
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells
        ids = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    unittest.main()
