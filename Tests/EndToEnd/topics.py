"""Kafka seen from outside: what was produced, what was published, what was committed."""

import json
import time
from dataclasses import dataclass
from functools import cached_property

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from waiting import until

# How the names of topics and groups begin, unless they are told otherwise.
PREFIX, GROUPS = "aspayds.", "aspayds-"
DOMAINS = ("payment", "payout")


@dataclass(frozen=True)
class Record:
    """A record as it lies in a partition; headers keep their order and their nulls."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple

    @classmethod
    def of(cls, message):
        """A message of the client library."""
        place = message.topic(), message.partition(), message.offset()
        return cls(*place, message.key(), message.value(), tuple(message.headers() or ()))

    def header(self, name):
        """The text of a header; none if it is absent or null."""
        values = [value for key, value in self.headers if key == name and value is not None]
        return values[0].decode(errors="replace") if values else None


class Event(Record):
    """A published event."""

    @cached_property
    def body(self):
        return json.loads(self.value)

    @cached_property
    def id(self):
        return self.header("ce_id")

    @cached_property
    def domain(self):
        return self.header("ce_type").split(".")[1]

    @cached_property
    def kind(self):
        return self.header("ce_type").split(".")[2]

    @property
    def reference(self):
        return self.body.get("transaction_reference")

    @property
    def provider_id(self):
        return self.body.get("invoice_id" if self.domain == "payment" else "payout_id")

    @property
    def command(self):
        """The id of the command that it answers."""
        return self.body.get("command", {}).get("id")

    @property
    def reason(self):
        return self.body.get("reason", {})


def everything(cluster, within=60):
    """Every record of every topic of a cluster, by topic, each partition to its end of this moment."""
    consumer = cluster.reader(**{"enable.partition.eof": True})
    known = consumer.list_topics(timeout=15).topics.items()
    found = {name: [] for name, _ in known if name.startswith(cluster.prefix)}
    unread = {
        (name, number) for name, topic in known if name in found for number in topic.partitions
    }
    consumer.assign([TopicPartition(*place, 0) for place in unread])
    deadline = time.monotonic() + within
    while unread:
        assert time.monotonic() < deadline, f"cannot read {sorted(unread)} within {within} s"
        for message in consumer.consume(500, timeout=0.1):
            if message.error() is None:
                found[message.topic()].append(Record.of(message))
                continue
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            unread.discard((message.topic(), message.partition()))
    consumer.close()
    return {name.removeprefix(cluster.prefix): records for name, records in found.items()}


def delete_topics(admin, names):
    """Deletes topics with all that is in them, and what groups have committed there.

    Nobody may be reading them: the client library does not survive that.
    """
    if names:
        for done in admin.delete_topics(names).values():
            done.result(10)
    known = lambda: admin.list_topics(timeout=10).topics.keys()
    until(lambda: known().isdisjoint(names), 30, lambda: f"{names} are deleted")


class Log:
    """A topic, read from its beginning to whatever its end is when asked."""

    def __init__(self, cluster, topic, kind=Record):
        self.topic, self.kind, self.read_so_far = topic, kind, []
        self.consumer = cluster.reader()
        partitions = self.consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self.next = dict.fromkeys(partitions, 0)
        self.consumer.assign([TopicPartition(topic, number, 0) for number in partitions])

    def ends(self):
        """The end offset of each partition; nothing may have been deleted."""
        ends = {}
        for number in self.next:
            place = TopicPartition(self.topic, number)
            low, ends[number] = self.consumer.get_watermark_offsets(place, timeout=10)
            assert low == 0, f"{self.topic}/{number} has lost its first {low} records"
        return ends

    def records(self):
        """Every record up to the end of this moment."""
        ends = self.ends()
        while missing := sum(max(end - self.next[number], 0) for number, end in ends.items()):
            # Asked for more than there are, it would wait for them.
            for message in self.consumer.consume(min(missing, 500), timeout=1):
                assert message.error() is None, message.error()
                self.next[message.partition()] = message.offset() + 1
                self.read_so_far.append(self.kind.of(message))
        return self.read_so_far


class Cluster:
    """The topics and groups of a broker by their prefixes: the embedded one, or another."""

    def __init__(self, servers, properties=None, prefix=PREFIX, groups=GROUPS, **producer):
        self.servers, self.prefix, self.groups, self.logs = servers, prefix, groups, {}
        # Whether it tells where a partition really ends.
        self.tells_ends = True
        # What every client of it is told.
        self.access = {"bootstrap.servers": servers} | (properties or {})
        # Where the test has written itself, beside the commands.
        self.own = set()
        # The partitioner of the Java client: a key's records lie where its owner expects them.
        self.producer = Producer(
            self.access
            | {
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "log_level": 0,
            }
            | producer
        )

    @cached_property
    def admin(self):
        return AdminClient(self.access | {"log_level": 0})

    def reader(self, **properties):
        """A client that reads what it is told to, and joins no group."""
        return Consumer(
            self.access
            | {
                "group.id": f"{self.groups}reader",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
                "log_level": 0,  # The broker is gone before its readers: no news.
            }
            | properties
        )

    def topic(self, name):
        """The whole name of a topic."""
        return self.prefix + name

    def create(self, name, partitions):
        """Creates a topic; the name is without the prefix."""
        topic = NewTopic(self.topic(name), num_partitions=partitions)
        for done in self.admin.create_topics([topic]).values():
            done.result(10)

    def delete(self, name):
        """Deletes a topic; the name is without the prefix."""
        delete_topics(self.admin, [self.topic(name)])

    def close(self):
        """Ends its clients: a producer may bring back a topic that is deleted."""
        for log in self.logs.values():
            log.consumer.close()
        self.logs, self.producer = {}, None
        self.__dict__.pop("admin", None)

    def log(self, name):
        """The topic of that name, without the prefix."""
        if name not in self.logs:
            kind = Event if name.endswith(".events") else Record
            self.logs[name] = Log(self, self.topic(name), kind)
        return self.logs[name]

    def records(self, name):
        """Everything in the topic of that name."""
        return self.log(name).records()

    def events(self):
        """Every event that answers a command or is about a reference, in the order of its partition."""
        events = [event for domain in DOMAINS for event in self.records(f"{domain}.events")]
        return [event for event in events if event.reference or event.command]

    def methods(self):
        """The lists of payout methods that nobody had asked for."""
        events = self.records("payout.events")
        return [event for event in events if event.kind == "methods" and not event.command]

    def produce(self, name, value, key=None, headers=None, partition=-1):
        """Hands a record over; `flush` sees it acknowledged."""
        note = None if name.endswith(".commands") else self.note
        self.producer.produce(
            self.topic(name), value, key, partition=partition, headers=headers, on_delivery=note
        )

    def note(self, error, message):
        """Remembers a record as the test's own."""
        if error is None:
            self.own.add((message.topic(), message.partition(), message.offset()))

    def flush(self):
        assert self.producer.flush(30) == 0

    def send(self, commands):
        """Produces commands in order and waits for their acknowledgement."""
        for command in commands:
            self.produce(f"{command.domain}.commands", *command.encoded())
            self.producer.poll(0)
        self.flush()

    def assert_nothing_deleted(self):
        """No record of any topic has given way to a newer one."""
        for topic in self.producer.list_topics(timeout=10).topics:
            if topic.startswith(self.prefix):
                self.log(topic.removeprefix(self.prefix)).ends()

    def uncommitted(self, domain):
        """How many commands the worker's group has not passed yet, by partition."""
        ends = self.log(f"{domain}.commands").ends()
        group = self.reader(**{"group.id": f"{self.groups}{domain}s"})
        places = [TopicPartition(self.topic(f"{domain}.commands"), number) for number in ends]
        committed = group.committed(places, timeout=10)
        group.close()
        behind = {place.partition: ends[place.partition] - max(place.offset, 0) for place in committed}
        return {
            number: count
            for number, count in behind.items()
            if count > 0 or (count < 0 and self.tells_ends)
        }
