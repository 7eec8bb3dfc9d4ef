"""A bare consumer of payout commands: what a group costs by itself, measured beside workers (takeover.sh).

    bare.py COMMANDS EVENTS

It answers each command by an event with the same key, and tells what it is assigned as a worker does.
"""

import json
import os
import signal
import sys

from confluent_kafka import Consumer, Producer


def properties(environment):
    """What clients are told by `KAFKA_…`, by librdkafka's names."""
    settings = environment.items()
    return {name[6:].lower().replace("_", "."): value for name, value in settings if name.startswith("KAFKA_")}


def tell(_, partitions):
    numbers = sorted(place.partition for place in partitions)
    print(json.dumps({"message": "assigned", "domain": "payout", "partitions": numbers}), flush=True)


def main(commands, events):
    kafka = properties(os.environ) | {"log_level": 0}
    group = {"group.id": f"{commands}-bare", "auto.offset.reset": "earliest", "partition.assignment.strategy": "range"}
    consumer, producer, ended = Consumer(kafka | group), Producer(kafka), []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    consumer.subscribe([commands], on_assign=tell)
    while not ended:
        record = consumer.poll(0.1)
        if record is not None and record.error() is None:
            producer.produce(events, b"{}", record.key())
        producer.poll(0)
    consumer.close()
    producer.flush(5)


if __name__ == "__main__":
    main(*sys.argv[1:])
