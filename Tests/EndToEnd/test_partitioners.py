"""Producers that disagree about a key's partition: their duplicates meet at home all the same."""

import shutil
import subprocess
import tempfile

import pytest

from books import endings, offsets_passed
from commands import payment, payout
from topics import Cluster
from test_status import metrics
from waiting import until

PARTITIONS = 12
# Where kafka-clients 4.3.0 puts a key among 12 partitions, by its BuiltInPartitioner.
JAVA = {
    "A": 10,
    "TRX1001": 3,
    "trx1001": 0,
    "Trx1001": 5,
    "ref-0000000001": 10,
    "WD-3001": 8,
    "K-4711": 7,
    "a.b_c-D": 0,
    "SBX-TIMEOUT-12345": 10,
    "ORDER_2026.11-000000000000000000000000000000001": 6,
}
ORDERS = [
    make(f"Order-{make.__name__}-{number}", amount=100 + number)
    for number in range(1, 13)
    for make in (payment, payout)
]
# The key of the first is at home where murmur2 is used; those of the others seldom are.
WRITINGS = str.upper, str.lower, str.title


def by_kcat(cluster, commands):
    """As a person would: `kcat -P`, with librdkafka's own partitioner for a key."""
    with tempfile.NamedTemporaryFile("w") as access:
        access.writelines(f"{name}={value}\n" for name, value in cluster.access.items())
        access.flush()
        for command in commands:
            value, key, headers = command.encoded()
            topic = cluster.topic(f"{command.domain}.commands")
            flags = [flag for pair in headers.items() for flag in ("-H", "=".join(pair))]
            subprocess.run(
                ["kcat", "-F", access.name, "-P", "-t", topic, "-K", "\t", *flags],
                input=f"{key}\t{value}\n",
                text=True,
                check=True,
                timeout=30,
            )


def by_java(cluster, commands):
    """As the Java client would: murmur2 of the key as it is written."""
    cluster.send(commands)


def by_librdkafka(cluster, commands):
    """With the default partitioner of librdkafka, which hashes by CRC32."""
    place = cluster.servers, cluster.access, cluster.prefix, cluster.groups
    Cluster(*place, partitioner="consistent_random").send(commands)


def to_one_partition(cluster, commands):
    """By somebody who knows better: all in one place."""
    for command in commands:
        cluster.produce(f"{command.domain}.commands", *command.encoded(), partition=7)
    cluster.flush()


def test_murmur2_is_the_partitioner_of_the_java_client(start_sandbox):
    cluster = start_sandbox("--partitions", str(PARTITIONS)).cluster
    for key in JAVA:
        cluster.produce("payment.commands", "{}", key)
    cluster.flush()
    found = {r.key.decode(): r.partition for r in cluster.records("payment.commands")}
    assert found == JAVA


def orders():
    """Each order three times, as three systems would write its reference, one list for each."""
    return [
        [
            rewritten(order, WRITINGS[(system + number) % len(WRITINGS)])
            for number, order in enumerate(ORDERS)
        ]
        for system in range(len(WRITINGS))
    ]


def rewritten(order, write):
    """The same order, by another command, under another spelling of its reference."""
    reference = write(order.reference)
    value = order.value | {"transaction_reference": reference}
    return type(order)(order.domain, order.type, reference, value, f"{order.id}-{reference}")


@pytest.mark.parametrize("librdkafka", [by_librdkafka, by_kcat])
def test_duplicates_by_three_partitioners_are_executed_once(
    start_sandbox, start_worker, librdkafka
):
    if librdkafka is by_kcat and shutil.which("kcat") is None:
        pytest.skip("kcat is not installed")
    sandbox = start_sandbox("--partitions", str(PARTITIONS))
    cluster = sandbox.cluster
    written = orders()
    # The three at once: which of them comes first differs from order to order.
    for produce, commands in zip((by_java, librdkafka, to_one_partition), written):
        produce(cluster, commands)
    sent = {
        domain: [(r.partition, r.key, r.value, r.headers) for r in records]
        for domain in ("payment", "payout")
        if (records := cluster.records(f"{domain}.commands"))
    }
    worker = start_worker(sandbox)

    keys = {(command.domain, command.reference.upper()) for command in written[0]}
    until(
        lambda: {(e.domain, e.reference.upper()) for e in answers(cluster)} == keys,
        60,
        lambda: f"all are answered: {len(answers(cluster))}",
    )
    offsets_passed(cluster)
    executed = [(line["kind"], line["reference"].upper()) for line in sandbox.executions]
    assert sorted(executed) == sorted(keys)
    one_answer_for_each_order(cluster, keys)
    for domain, records in sent.items():
        strays = forwarded_once(cluster, domain, records)
        assert metrics(worker)[f'aspayds_forwarded_total{{domain="{domain}"}}'] == strays
    assert cluster.records("dead-letters") == []


def answers(cluster):
    return [event for event in cluster.events() if event.kind in {"created", "requested"}]


def one_answer_for_each_order(cluster, keys):
    """Every command is answered, and all that name one order by the same event."""
    ids, values, count = {}, {}, {}
    for event in answers(cluster):
        name = event.domain, event.reference.upper()
        ids.setdefault(name, set()).add(event.id)
        values.setdefault(name, set()).add(event.value)
        count[name] = count.get(name, 0) + 1
    assert {name for name, found in ids.items() if len(found) == 1} == keys
    assert all(len(found) == 1 for found in values.values())
    assert count == dict.fromkeys(keys, len(WRITINGS))
    assert {event.kind for event in cluster.events()} == {"created", "requested"}


def forwarded_once(cluster, domain, sent):
    """Each stray adds one record, at home, byte for byte as it came, and none comes from that.

    Answers how many there are.
    """
    records = cluster.records(f"{domain}.commands")
    homes = home_partitions(cluster, {key.decode() for _, key, _, _ in sent})
    strays = [line for line in sent if line[0] != homes[line[1].decode()]]
    assert len(strays) > len(sent) // 2, "most lie elsewhere, or this shows little"
    assert len(records) == len(sent) + len(strays)
    moved = [r for r in records if r.header("aspayds_origin")]
    assert len(moved) == len(strays)
    for record in moved:
        topic, partition, offset = record.header("aspayds_origin").split("/")
        origin = next(
            r for r in records if (r.partition, r.offset) == (int(partition), int(offset))
        )
        assert topic == record.topic
        assert record.partition == homes[record.key.decode()] != origin.partition
        assert (record.key, record.value) == (origin.key, origin.value)
        others = tuple(header for header in record.headers if header[0] != "aspayds_origin")
        assert others == origin.headers
    return len(strays)


def home_partitions(cluster, keys):
    """Where the Java client would put the upper-case key; asked of a topic that nobody reads."""
    for key in keys:
        cluster.produce("webhooks", key, key.upper())
    cluster.flush()
    return {r.value.decode(): r.partition for r in cluster.records("webhooks")}


def test_a_forged_origin_is_not_forwarded_for_ever(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", str(PARTITIONS))
    cluster = sandbox.cluster
    order = payout("FORGED-1")
    home = home_partitions(cluster, {order.reference})[order.reference]
    value, key, headers = order.encoded()
    headers["aspayds_origin"] = f"{cluster.topic('payout.commands')}/3/1234"
    cluster.produce("payout.commands", value, key, headers, partition=(home + 1) % PARTITIONS)
    cluster.flush()
    start_worker(sandbox)

    letters = until(lambda: cluster.records("dead-letters"), 30, "it is dead-lettered")
    offsets_passed(cluster)
    assert [letter.value for letter in letters] == [value.encode()]
    assert "misplaced" in [text.decode() for _, text in letters[0].headers if text]
    assert len(cluster.records("payout.commands")) == 1
    assert sandbox.executed == 0 and endings(cluster.events()) == {}
