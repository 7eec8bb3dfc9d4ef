"""A steady stream of payouts under which takeovers are measured (takeover.py)."""

import json
import threading
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from waiting import until


class Load:
    """Produces commands at a rate; knows when each was produced, and when its first event was seen."""

    def __init__(self, stack, rate):
        self.stack, self.rate = stack, rate
        # By reference: when, and in which partition; and when it was finished.
        self.produced, self.finished = {}, {}
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=run) for run in (self._produce, self._watch)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def _produce(self):
        producer = Producer(self.stack.kafka | {"partitioner": "murmur2_random"})
        began, number = time.monotonic(), 0
        while not self.is_over.wait(max(0, began + number / self.rate - time.monotonic())):
            def note(error, record, at=time.monotonic()):
                if error is None:
                    self.produced[record.key()] = at, record.partition()

            reference = f"T{number:08d}"
            order = {"transaction_reference": reference, "payout_method_id": 1, "amount": 500,
                     "recipient_name": "Rahim Uddin", "recipient_account": f"0171{number:07d}"}
            producer.produce(self.stack.commands, json.dumps(order), reference, on_delivery=note)
            producer.poll(0)
            number += 1
        producer.flush(10)

    def _watch(self):
        consumer = Consumer(self.stack.kafka | {"group.id": "takeover", "enable.auto.commit": False})
        topic = consumer.list_topics(self.stack.events, 10).topics[self.stack.events]
        consumer.assign([TopicPartition(topic.topic, number, OFFSET_BEGINNING) for number in topic.partitions])
        while not self.is_over.is_set():
            record = consumer.poll(0.1)
            if record is not None and record.error() is None and record.key():
                self.finished.setdefault(record.key(), time.monotonic())
        consumer.close()

    def _of(self, partitions, since):
        """When each command in them was produced since then, when it was finished (if it was), and where."""
        return [(at, self.finished.get(key), partition) for key, (at, partition) in list(self.produced.items())
                if at >= since and partition in partitions]

    def await_work(self, partitions, moment, within):
        """Waits until each partition is worked: a command produced since then is finished; seconds by partition."""
        def worked():
            first = {}
            for _, end, partition in self._of(partitions, moment):
                if end:
                    first[partition] = min(first.get(partition, end - moment), end - moment)
            return first

        until(lambda: len(worked()) == len(partitions), within, lambda: f"all of {sorted(partitions)} are worked: {worked()}")
        return worked()

    def slowest(self, partitions, since, until):
        """How many commands were produced in that time, and how long the slowest of them took."""
        times = [end - at for at, end, _ in self._of(partitions, since) if end and at < until]
        return len(times), max(times, default=0)
