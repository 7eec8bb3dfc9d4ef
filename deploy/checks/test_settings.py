"""The worker itself takes every setting that we give it."""

import subprocess

import pytest

from conftest import WORKER

SECRETS = {
    "API_KEY": "key",
    "API_SECRET": "secret",
    "CALLBACK_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "PASSWORD": "password",
}
# The worker reads it: it has to be one.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def judged(environment, folder):
    """What the worker says of an environment, with files of ours for the secrets."""
    environment = dict(environment)
    for name, value in environment.items():
        if name == "KAFKA_SSL_CA_LOCATION":
            environment[name] = CERTIFICATES
        elif value.startswith("/run/secrets/"):
            (text,) = [text for mark, text in SECRETS.items() if mark in name]
            file = folder / name
            file.write_text(text + "\n")
            environment[name] = str(file)
    return subprocess.run(
        [WORKER, "config"], env=environment, capture_output=True, text=True, timeout=60
    )


def assert_taken(environment, folder):
    result = judged(environment, folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == "", "the worker warns of a setting"


def test_of_kubernetes(objects, tmp_path):
    for deployment in objects.processes:
        assert_taken(objects.settings(deployment), tmp_path)


@pytest.mark.parametrize("name", ["worker", "receiver"])
def test_of_compose(compose, name, tmp_path):
    assert_taken(compose[name]["environment"], tmp_path)


def test_what_is_misspelt_is_found(objects, tmp_path):
    settings = objects.settings(objects.get("Deployment", "aspayds-worker"))
    result = judged(settings | {"ASPAYDS_RATE_LIMITS": "1"}, tmp_path)
    assert "ASPAYDS_RATE_LIMITS" in result.stderr
