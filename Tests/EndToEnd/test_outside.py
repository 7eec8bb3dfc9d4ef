"""These tests against a broker that is there already, as a person would run them."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from processes import free_port
from tansu import Tansu

HERE = pathlib.Path(__file__).parent
TEST = "test_api.py::test_the_provider_says_what_became_of_orders"
SKIPPED = "test_receiver.py::test_alone_it_is_not_ready_without_a_broker"

pytestmark = pytest.mark.own_broker("it is looked at from another run")


def run_pytest(*tests, **settings):
    """Runs tests with these settings of Kafka; answers the exit code and what is printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *tests],
        cwd=HERE,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return ended.returncode, ended.stdout


def groups(admin):
    return {one.group_id for one in admin.list_consumer_groups(request_timeout=10).result().valid}


def test_each_test_has_topics_of_its_own_and_leaves_none(programs, tmp_path):
    programs.append(Tansu(tmp_path))
    broker = programs[-1].create_all(1)
    admin = broker.cluster.admin
    before = admin.list_topics(timeout=10).topics.keys(), groups(admin)
    code, told = run_pytest(TEST, SKIPPED, **broker.environment)
    assert code == 0, told
    assert re.search(rf"^1 broker at {broker.address}; .* e2e-[a-z]{{6}}-", told, re.MULTILINE), told
    assert "1 passed, 1 skipped" in told and "needs a broker of its own: it hangs" in told
    assert re.search(r"[1-9]\d* records are as topics/ says", told), told
    assert (admin.list_topics(timeout=10).topics.keys(), groups(admin)) == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "does not answer: .*Connection refused"),
        ({"KAFKA_SECURITY_PROTOCOL": "magic"}, 'Invalid value "magic" .*"security.protocol"'),
    ],
    ids=["nobody listens", "a wrong setting"],
)
def test_a_broker_that_cannot_be_reached_is_told_at_once(settings, words):
    servers = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
    code, told = run_pytest(TEST, **(servers | settings))
    assert code == pytest.ExitCode.USAGE_ERROR
    (line,) = told.strip().splitlines()
    assert re.match(f"ERROR: .*{words}", line), told
