"""A broker from outside: where KAFKA_BOOTSTRAP_SERVERS is set, the tests have their topics there.

Each sandbox has topics and groups of its own, by a prefix that begins with `RUN`; none is left.
"""

import itertools
import json
import os
import pathlib
import random

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from processes import run
from tansu import KEYS
from topics import Cluster, delete_topics
from waiting import until


def settings():
    """The settings of Kafka in the environment, by the worker's names; what lies in files is read."""
    found = {name: value for name, value in os.environ.items() if name.startswith("KAFKA_")}
    for name in [name for name in found if name.endswith("_FILE")]:
        text = pathlib.Path(found.pop(name)).read_text()
        found[name.removesuffix("_FILE")] = text.rstrip("\n")
    return found


SETTINGS = settings()
SERVERS = SETTINGS.get("KAFKA_BOOTSTRAP_SERVERS")
# The same by librdkafka's names.
PROPERTIES = {
    name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in SETTINGS.items()
}
# Letters alone: digits in a row would be masked as an account's.
RUN = "e2e-" + "".join(random.choices("bcdfghjklmnpqrstvwxz", k=6))
# The shortest session in seconds that a broker allows, unless it is told otherwise.
SESSION = 6.0 if SERVERS else 4.0
numbers = itertools.count(1)


def meet(within=10):
    """Says who the broker is, and by which names it is used; without it no test begins."""
    told = []
    try:
        admin = AdminClient(PROPERTIES | {"log_level": 0, "error_cb": told.append})
    except KafkaException as error:
        raise pytest.UsageError(f"the settings KAFKA_…: {error.args[0].str()}") from None
    for _ in range(within):
        try:
            count = len(admin.list_topics(timeout=1).brokers)
            brokers = f"{count} broker{'s' if count > 1 else ''}"
            return f"{brokers} at {SERVERS}; topics and groups begin with {RUN}-"
        except KafkaException as error:
            admin.poll(0)
            why = [*told, error.args[0]]
        if any(one.code() == KafkaError._ALL_BROKERS_DOWN for one in why):
            break
    raise pytest.UsageError(f"KAFKA_BOOTSTRAP_SERVERS={SERVERS} does not answer: {why[0].str()}")


class Deployment:
    """Topics and groups by a name of their own."""

    def __init__(self):
        name = f"{RUN}-{next(numbers)}"
        self.prefixes = f"{name}.", f"{name}-"
        self.environment = SETTINGS | KEYS | {
            "ASPAYDS_TOPIC_PREFIX": self.prefixes[0],
            "ASPAYDS_GROUP_PREFIX": self.prefixes[1],
        }
        self.cluster = Cluster(SERVERS, PROPERTIES, *self.prefixes)

    def create_all(self, partitions):
        """Every topic of the contract, once all brokers may know of it."""
        replicas = min(3, len(self.cluster.admin.list_topics(timeout=10).brokers))
        flags = "--partitions", str(partitions), "--replication-factor", str(replicas), "--json"
        applied = run("aspayds-worker", "topics", "apply", *flags, environment=self.environment)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        count = len(json.loads(applied.stdout))
        until(lambda: self._leaders().count(True) == count, 30, lambda: f"leaders: {self._leaders()}")
        return self

    def _leaders(self):
        """Whether all partitions have one, for each topic."""
        topics = topics_of(self.cluster.admin, self.prefixes).values()
        return [all(one.leader >= 0 for one in topic.partitions.values()) for topic in topics]

    def end(self):
        """Deletes its topics."""
        self.cluster.close()
        delete_topics(self.cluster.admin, [*topics_of(self.cluster.admin, self.prefixes)])


def topics_of(admin, prefix):
    """The topics whose names begin so, as the broker has them."""
    known = admin.list_topics(timeout=10).topics
    return {name: topic for name, topic in known.items() if name.startswith(prefix)}


def sweep():
    """Deletes the groups of this run, and topics if there are any left; says what came of it."""
    admin = AdminClient(PROPERTIES | {"log_level": 0})
    try:
        delete_topics(admin, [*topics_of(admin, f"{RUN}-")])
        # A group whose members were killed is there until their sessions are over.
        until(lambda: not delete_groups(admin), 15, "the groups are deleted")
    except (KafkaException, AssertionError) as error:
        return f"what begins with {RUN}- may be left at {SERVERS}: {error}"
    return f"nothing that begins with {RUN}- is left at {SERVERS}"


def delete_groups(admin):
    """Deletes the groups of this run as far as they have no members; answers which there were."""
    listed = admin.list_consumer_groups(request_timeout=10).result().valid
    names = [group.group_id for group in listed if group.group_id.startswith(f"{RUN}-")]
    if names:
        for done in admin.delete_consumer_groups(names, request_timeout=10).values():
            done.exception(10)
    return names
