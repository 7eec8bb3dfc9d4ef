"""What check.sh has rendered, as Python objects."""

import json
import pathlib

import pytest
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
ROOT = DEPLOY.parent
RENDERED = ROOT / ".build/deploy"
WORKER = ROOT / ".build/debug/aspayds-worker"


class Objects:
    """The objects of a rendered overlay."""

    def __init__(self, name):
        self.name = name
        text = (RENDERED / f"{name}.yaml").read_text()
        self.all = [document for document in yaml.safe_load_all(text) if document]

    def of(self, *kinds):
        return [item for item in self.all if item["kind"] in kinds]

    def get(self, kind, name):
        (found,) = [item for item in self.of(kind) if item["metadata"]["name"] == name]
        return found

    @property
    def workloads(self):
        return self.of("Deployment", "Job")

    @property
    def processes(self):
        """What runs all the time, unlike the pod in which people run the tools."""
        deployments = self.of("Deployment")
        return [item for item in deployments if pod(item)["containers"][0].get("args") == ["run"]]

    def settings(self, workload):
        """The environment of a workload's container: ConfigMap first, then its own."""
        (container,) = pod(workload)["containers"]
        environment = {}
        for source in container.get("envFrom", []):
            environment |= self.get("ConfigMap", source["configMapRef"]["name"])["data"]
        return environment | {
            item["name"]: item.get("value", "user") for item in container.get("env", [])
        }


def pod(workload):
    return workload["spec"]["template"]["spec"]


def seconds(text):
    """`45s`, `1m0s`: what Compose and our settings write."""
    total = number = 0
    for character in text:
        if character.isdigit():
            number = number * 10 + int(character)
        else:
            total += number * {"h": 3600, "m": 60, "s": 1}[character]
            number = 0
    return total


def longest_end(settings):
    """Seconds from SIGTERM to the end: the domains drain and leave their groups, then the producer ends."""
    return seconds(settings["ASPAYDS_DRAIN_TIMEOUT"]) + 10 + 7


@pytest.fixture(params=["base", "example", "gateway"])
def objects(request):
    return Objects(request.param)


@pytest.fixture
def example():
    return Objects("example")


@pytest.fixture(params=["compose", "compose-sandbox"])
def compose(request):
    return json.loads((RENDERED / f"{request.param}.json").read_text())["services"]


@pytest.fixture
def topics():
    """topics.yaml: the number of partitions by default."""
    return yaml.safe_load((ROOT / "topics/topics.yaml").read_text())["defaults"]["partitions"]
