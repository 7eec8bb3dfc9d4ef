"""What the schema does not say of the Compose services."""

import re

import yaml

from conftest import DEPLOY, longest_end, seconds

OURS = {"topics", "worker", "receiver", "sandbox"}


def ours(services):
    return {name: service for name, service in services.items() if name in OURS}


def test_our_services_are_confined(compose):
    for service in ours(compose).values():
        assert service["read_only"] is True
        assert "volumes" not in service and "tmpfs" not in service
    for service in compose.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()


def test_ports_are_those_of_this_machine_alone(compose):
    for service in compose.values():
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", []))


def test_there_is_time_to_drain(compose):
    for name in ("worker", "receiver"):
        end = longest_end(compose[name]["environment"])
        assert seconds(compose[name]["stop_grace_period"]) > end


def test_workers_begin_when_the_topics_are_there(compose):
    assert compose["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    for name in ("worker", "receiver"):
        condition = compose[name]["depends_on"]["topics"]["condition"]
        assert condition == "service_completed_successfully"
    assert compose["topics"]["command"][:2] == ["topics", "apply"]


def test_images_have_a_version(compose):
    for service in compose.values():
        assert re.search(r":(?!latest$)[\w.-]+$", service["image"])


def test_secrets_are_files_and_only_where_needed(compose):
    for service in ours(compose).values():
        for name, value in service.get("environment", {}).items():
            if any(mark in name for mark in ("SECRET", "API_KEY", "CALLBACK_KEYS", "PASSWORD")):
                assert name.endswith("_FILE")
                given = {secret["source"] for secret in service["secrets"]}
                assert value.removeprefix("/run/secrets/") in given
    assert {secret["source"] for secret in compose["receiver"]["secrets"]} == {"callback_keys"}
    # Compose cannot give secrets of another kind to a container with a read-only file system.
    declared = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["secrets"]
    assert all(secret.keys() == {"file"} for secret in declared.values())


def test_the_sandbox_comes_only_when_asked_for(compose):
    base = compose["worker"]["environment"]["ASPAYDS_BASE_URL"]
    assert ("sandbox" in compose) == base.startswith("http://sandbox:8090")
    if "sandbox" in compose:
        command = compose["sandbox"]["command"]
        assert "--no-kafka" in command and command[command.index("--host") + 1] == "0.0.0.0"
