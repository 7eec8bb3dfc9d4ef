"""What no schema says of the Kubernetes objects."""

import pathlib

import jsonschema
import pytest
import yaml

from conftest import longest_end, pod

CRDS = pathlib.Path(__file__).parent / "crds"


def test_pods_meet_the_restricted_profile(objects):
    for workload in objects.workloads:
        spec = pod(workload)
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True and context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys()
            assert "memory" in resources["limits"]
        assert all(volume.keys() <= {"name", "secret"} for volume in spec["volumes"])


def test_every_object_that_is_named_exists(objects):
    names = {(item["kind"], item["metadata"]["name"]) for item in objects.all}
    wanted = set()
    for workload in objects.workloads:
        spec = pod(workload)
        wanted.add(("ServiceAccount", spec["serviceAccountName"]))
        for container in spec["containers"]:
            wanted |= {("ConfigMap", s["configMapRef"]["name"]) for s in container["envFrom"]}
            volumes = {volume["name"] for volume in spec["volumes"]}
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    for scaled in objects.of("ScaledObject"):
        wanted.add(("Deployment", scaled["spec"]["scaleTargetRef"]["name"]))
        for trigger in scaled["spec"]["triggers"]:
            wanted.add(("TriggerAuthentication", trigger["authenticationRef"]["name"]))
    for ingress in objects.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            wanted |= {("Service", p["backend"]["service"]["name"]) for p in rule["http"]["paths"]}
    for route in objects.of("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            wanted |= {("Service", ref["name"]) for ref in rule["backendRefs"]}
    assert wanted <= names


def test_selectors_find_exactly_their_pods(objects):
    def found(selector):
        terms = selector.get("matchExpressions", [])
        wanted = selector.get("matchLabels", {} if terms else selector)

        def fits(workload):
            labels = workload["spec"]["template"]["metadata"]["labels"]
            return wanted.items() <= labels.items() and all(
                term["operator"] == "In" and labels[term["key"]] in term["values"]
                for term in terms
            )

        return {workload["metadata"]["name"] for workload in objects.workloads if fits(workload)}

    for deployment in objects.of("Deployment"):
        assert found(deployment["spec"]["selector"]) == {deployment["metadata"]["name"]}
    for budget in objects.of("PodDisruptionBudget"):
        assert found(budget["spec"]["selector"]) == {budget["metadata"]["name"]}
    for service in objects.of("Service"):
        assert found(service["spec"]["selector"]) == {service["metadata"]["name"]}
    everything = {workload["metadata"]["name"] for workload in objects.workloads}
    concerned = {
        "aspayds": everything,
        "aspayds-provider": everything & {"aspayds-worker", "aspayds-operator"},
        "aspayds-receiver": {"aspayds-receiver"},
    }
    for policy in objects.of("NetworkPolicy"):
        assert found(policy["spec"]["podSelector"]) == concerned[policy["metadata"]["name"]]
    for monitor in objects.of("PodMonitor"):
        assert found(monitor["spec"]["selector"]) == everything


def test_ports_that_are_named_exist(objects):
    for deployment in objects.processes:
        (container,) = pod(deployment)["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in ports
        assert container["livenessProbe"]["httpGet"]["path"] == "/live"
        assert container["startupProbe"]["httpGet"]["path"] == "/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
        assert ports["health"] == 8081
    receiver = pod(objects.get("Deployment", "aspayds-receiver"))["containers"][0]
    for service in objects.of("Service"):
        targets = {port["targetPort"] for port in service["spec"]["ports"]}
        assert targets <= {port["name"] for port in receiver["ports"]} - {"health"}


def test_there_is_time_to_drain(objects):
    for deployment in objects.processes:
        (container,) = pod(deployment)["containers"]
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = pod(deployment)["terminationGracePeriodSeconds"]
        assert grace > pause + longest_end(objects.settings(deployment))


def test_workers_are_rolled_one_at_a_time(objects):
    strategy = objects.get("Deployment", "aspayds-worker")["spec"]["strategy"]
    assert strategy == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
    }


def test_scaling_stays_within_the_partitions(example, topics):
    (scaled,) = example.of("ScaledObject")
    spec = scaled["spec"]
    assert 2 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= topics
    assert spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    worker = example.get("Deployment", "aspayds-worker")
    assert "replicas" not in worker["spec"], "KEDA and the Deployment would fight over the number"
    settings = example.settings(worker)
    topic_prefix = settings.get("ASPAYDS_TOPIC_PREFIX", "aspayds.")
    group_prefix = settings.get("ASPAYDS_GROUP_PREFIX", "aspayds-")
    watched = {
        (trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"])
        for trigger in spec["triggers"]
    }
    assert watched == {
        (f"{group_prefix}payments", f"{topic_prefix}payment.commands"),
        (f"{group_prefix}payouts", f"{topic_prefix}payout.commands"),
    }
    for trigger in spec["triggers"]:
        metadata = trigger["metadata"]
        assert metadata["bootstrapServers"] == settings["KAFKA_BOOTSTRAP_SERVERS"]
        assert metadata["allowIdleConsumers"] == "false"


def test_only_callbacks_come_in(objects):
    paths = [
        (rule["host"], path["path"], path["pathType"])
        for ingress in objects.of("Ingress")
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ] + [
        (host, match["path"]["value"], match["path"]["type"])
        for route in objects.of("HTTPRoute")
        for host in route["spec"]["hostnames"]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    ]
    assert paths or objects.name == "base"
    settings = objects.settings(objects.get("Deployment", "aspayds-receiver"))
    for host, path, kind in paths:
        assert f"https://{host}" == settings["ASPAYDS_PUBLIC_URL"]
        assert path == "/callback" and kind in ("Prefix", "PathPrefix")


def test_no_secret_is_written_here(objects):
    assert not objects.of("Secret")
    for workload in objects.workloads:
        for name, value in objects.settings(workload).items():
            if any(mark in name for mark in ("SECRET", "API_KEY", "CALLBACK_KEYS", "PASSWORD")):
                assert name.endswith("_FILE") and value.startswith("/run/secrets/")


def test_each_gets_the_secrets_that_it_needs_and_no_others(objects):
    needed = {
        "aspayds-worker": {"aspayds-kafka", "aspayds-callbacks", "aspayds-provider"},
        "aspayds-receiver": {"aspayds-kafka-receiver", "aspayds-callbacks"},
        "aspayds-topics": {"aspayds-kafka-topics"},
        "aspayds-operator": {"aspayds-kafka-operator", "aspayds-provider"},
    }
    for workload in objects.workloads:
        volumes = {volume["name"]: volume["secret"] for volume in pod(workload)["volumes"]}
        names = {secret["secretName"] for secret in volumes.values()}
        assert names == needed[workload["metadata"]["name"]]
        # User and password come from the same.
        users = [
            item["valueFrom"]["secretKeyRef"]
            for item in pod(workload)["containers"][0]["env"]
            if item["name"] == "KAFKA_SASL_USERNAME"
        ]
        name = volumes["kafka"]["secretName"]
        assert users == [{"name": name, "key": "username", "optional": True}]
    for access in objects.of("TriggerAuthentication"):
        names = {target["name"] for target in access["spec"]["secretTargetRef"]}
        assert names == {"aspayds-kafka-scaler"}


def test_what_kubernetes_does_not_have_fits_our_schemas(objects):
    own = {path.stem for path in CRDS.glob("*.yaml")}
    strangers = [item for item in objects.all if "." in item["apiVersion"].split("/")[0]]
    strangers = [item for item in strangers if not is_builtin(item["apiVersion"])]
    for item in strangers:
        assert item["kind"] in own
        schema = yaml.safe_load((CRDS / f"{item['kind']}.yaml").read_text())
        jsonschema.validate(item, schema, jsonschema.Draft202012Validator)
    if not strangers and objects.name != "base":
        pytest.fail("an overlay with components has none of them")


def is_builtin(version):
    group = version.split("/")[0]
    return group.endswith(".k8s.io") and group != "gateway.networking.k8s.io"
