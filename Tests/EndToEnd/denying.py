"""A broker that denies rights: librdkafka's own mock cluster, asked for errors of one's choice.

The other brokers of the tests know no rights. It runs in this process, out of the library that the
Python client carries.
"""

import ctypes

from tansu import newer_library
from topics import DOMAINS, PREFIX

PRODUCER = 0
TOPIC_DENIED, GROUP_DENIED, CLUSTER_DENIED = 29, 30, 31
# Kafka's numbers of requests.
PRODUCE, FIND_COORDINATOR, JOIN_GROUP, INIT_PRODUCER_ID = 0, 10, 11, 22
# More than any test asks.
ALWAYS = 10_000


class DenyingBroker:
    """One broker with every topic; what it denies is up to the test."""

    def __init__(self, directory):
        self.library = library = ctypes.CDLL(str(newer_library(directory) / "librdkafka.so.1"))
        for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
            getattr(library, name).restype = ctypes.c_void_p
        library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        words = ctypes.create_string_buffer(512)
        conf = ctypes.c_void_p(library.rd_kafka_conf_new())
        self.client = ctypes.c_void_p(library.rd_kafka_new(PRODUCER, conf, words, len(words)))
        assert self.client, words.value
        self.cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(self.client, 1))
        self.servers = library.rd_kafka_mock_cluster_bootstraps(self.cluster).decode()
        for domain in DOMAINS:
            for kind in ("commands", "events", "ledger"):
                self._create(f"{domain}.{kind}", 2)
        for name in ("notifications", "webhooks", "dead-letters", "worker.status", "worker.control"):
            self._create(name, 1)

    def _create(self, name, partitions):
        code = self.library.rd_kafka_mock_topic_create(
            self.cluster, (PREFIX + name).encode(), partitions, 1
        )
        assert code == 0, (name, code)

    def hide(self, name):
        """Denies a topic to whoever asks what it is like."""
        self.library.rd_kafka_mock_topic_set_error(
            self.cluster, (PREFIX + name).encode(), TOPIC_DENIED
        )

    def deny(self, request, error):
        """Denies every request of a kind."""
        errors = (ctypes.c_int * ALWAYS)(*[error] * ALWAYS)
        self.library.rd_kafka_mock_push_request_errors_array(
            self.cluster, ctypes.c_int16(request), ctypes.c_size_t(ALWAYS), errors
        )

    def allow(self, request):
        """Takes a denial back."""
        self.library.rd_kafka_mock_clear_request_errors(self.cluster, ctypes.c_int16(request))

    def end(self):
        self.library.rd_kafka_mock_cluster_destroy(self.cluster)
        self.library.rd_kafka_destroy(self.client)
