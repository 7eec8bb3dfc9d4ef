"""The examples of topics/examples, as records."""

import base64
import json

from contract import TOPICS
from topics import Record

MESSAGES = {path.stem: path for path in sorted((TOPICS / "examples/messages").glob("*.json"))}
INVALID = {path.stem: path for path in sorted((TOPICS / "examples/invalid").glob("*.json"))}


def load(path):
    return json.loads(path.read_text())


def record(example, partition=0):
    """An example as a record."""
    if "text" in example:
        value = example["text"].encode()
    elif "base64" in example:
        value = base64.b64decode(example["base64"])
    else:
        value = json.dumps(example["value"]).encode() if example.get("value") is not None else None
    if "bytes" in example:
        value = value.ljust(example["bytes"])
    headers = [
        (name, base64.b64decode(text) if name == "index" else text.encode())
        for name, text in example["headers"].items()
    ]
    key = example["key"].encode() if example["key"] is not None else None
    return Record(example["topic"], partition, 0, key, value, tuple(headers))
