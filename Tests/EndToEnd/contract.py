"""The contract in topics/: what asyncapi.yaml and its schemas say of a record."""

import base64
import json
import pathlib
import re
from datetime import datetime
from decimal import Decimal
from functools import cache

import jsonschema_rs
import yaml

TOPICS = pathlib.Path(__file__).resolve().parents[2] / "topics"
# Where the schemas lie, as far as they refer to one another.
BASE = "file:///topics/"
LONGEST_COMMAND = 64 * 1024
# What a person may say that became of what was accepted.
CLOSED = ("paid", "completed", "cancelled")
# The headers by which a command is refused.
JUDGED = ("ce_id", "ce_specversion", "ce_type", "content-type", "Content-Type")


class Breach(Exception):
    """What is wrong with a record, before any schema is asked."""


# MARK: What the files say


@cache
def asyncapi():
    return yaml.safe_load((TOPICS / "asyncapi.yaml").read_text())


@cache
def schemas():
    """Every schema by its place relative to topics/."""
    paths = sorted((TOPICS / "schemas").glob("*.json"))
    return {f"schemas/{path.name}": json.loads(path.read_text()) for path in paths}


@cache
def registry():
    resources = [(BASE + name, schema) for name, schema in schemas().items()]
    return jsonschema_rs.Registry(resources, draft=jsonschema_rs.Draft202012)


@cache
def validator(name):
    """A validator of one schema, strict about formats; it asks nobody else for a schema."""
    return jsonschema_rs.Draft202012Validator(
        schemas()[name],
        registry=registry(),
        base_uri=BASE + name,
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
    )


def resolved(pointer):
    """What `#/…` stands for within asyncapi.yaml."""
    node = asyncapi()
    for step in pointer.removeprefix("#/").split("/"):
        node = node[step]
    return node


def references(node):
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        node = node.values()
    if not isinstance(node, str | int | None):
        for child in node:
            yield from references(child)


def with_traits(message):
    """A message with what its traits say of it."""
    merged = {}
    for trait in message.get("traits", []):
        merged |= resolved(trait["$ref"])
    return merged | message


@cache
def messages(topic):
    """The messages of a topic by their names, whatever its prefix is."""
    for channel in asyncapi()["channels"].values():
        if topic.endswith(channel["address"].removeprefix("{prefix}")):
            found = [resolved(one["$ref"]) for one in channel.get("messages", {}).values()]
            return {message["name"]: with_traits(message) for message in found}
    return {}


# MARK: Records


def read_json(data):
    """One JSON text without duplicate keys; numbers with a fraction are exact."""

    def object_of(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise Breach("a name is there twice")
        return dict(pairs)

    try:
        return json.loads(data.decode(), object_pairs_hook=object_of, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Breach(f"not JSON: {error}") from None


def numbers_are_plain(data):
    """Amounts are published as plain digits with at most three decimals."""

    def plain(text):
        if not re.fullmatch(r"[0-9]+\.[0-9]{0,2}[1-9]", text):
            raise Breach(f"the number {text} is not plain")
        return Decimal(text)

    json.loads(data, parse_float=plain)


def texts(record, message):
    """The headers as texts; a binary one, as its schema says, in base64."""
    known = schemas()[message["headers"]["schema"]["$ref"]]["properties"]
    found = {}
    for name, value in record.headers:
        if value is None:
            continue
        if name in found and name in known:
            raise Breach(f"the header {name} is there twice")
        if known.get(name, {}).get("contentEncoding") == "base64":
            found[name] = base64.b64encode(value).decode()
        else:
            found[name] = value.decode(errors="strict" if name in known else "replace")
    return found


def told(part, value, schema):
    """How a part of a record breaks its schema: JSON path, value and rule."""
    for error in validator(schema).iter_errors(value):
        steps = error.instance_path
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        rule = "/".join(map(str, error.schema_path))
        shown = masked(json.dumps(error.instance, default=str))
        yield f"${part}{path} is {shown}: {masked(error.message)} ({schema}: {rule})"


def masked(text):
    """A text without account numbers, and not too long."""
    shown = re.sub(r"\d{6,}", lambda run: "****" + run[0][-4:], text)
    return shown if len(shown) <= 300 else shown[:300] + "…"


# MARK: What the programs publish


def breaches(record):
    """Everything that is wrong with a record that a program of ours has published."""
    try:
        message, body = read(record)
        headers = texts(record, message)
    except (Breach, ValueError) as error:
        return [masked(str(error))]
    found = list(told("headers", headers, message["headers"]["schema"]["$ref"]))
    if "payload" in message:
        found += told("value", body, message["payload"]["schema"]["$ref"])
        found += [] if found else inconsistencies(record, message, headers, body)
    return found


def read(record):
    """The message that a record is, and its value."""
    candidates = messages(record.topic)
    opaque = [message for message in candidates.values() if "payload" not in message]
    if opaque:
        return opaque[0], None
    body = None
    if record.value is not None:
        body = read_json(record.value)
        numbers_are_plain(record.value)
    kind = body.get("kind") if isinstance(body, dict) else None
    name = str(record.header("ce_type") or kind or next(iter(candidates), None))
    if name not in candidates:
        raise Breach(f"{name}: no such message on this topic")
    return candidates[name], body


def inconsistencies(record, message, headers, body):
    """What no schema can say: parts of one record that contradict one another."""
    key = record.key.decode() if record.key is not None else None
    wanted = {"key": (key, key_of(message["name"], body))}
    if message["name"].startswith("aspayds.worker."):
        wanted |= {
            "ce_time": (headers["ce_time"], body["at"]),
            "ce_id": (headers["ce_id"], f"{body['worker']}/{body['number']}"),
        }
    elif "ce_time" in headers:
        source = f"/aspayds-worker/{message['name'].split('.')[1]}s"
        wanted |= {
            "ce_time": (headers["ce_time"], body["occurred_at"]),
            "ce_subject": (headers.get("ce_subject"), body.get("transaction_reference")),
            "ce_source": (headers["ce_source"], source),
            "ce_id": (headers["ce_id"], id_of(message["name"], body)),
        }
    for name, (found, expected) in wanted.items():
        if found != expected:
            yield masked(f"{name} is {found!r}, and the value says {expected!r}")


def id_of(name, body):
    """The `ce_id` of an event: the same however often it is published."""
    _, domain, kind = name.split(".")
    if "sequence" not in body and "command" in body:
        return "{topic}/{partition}/{offset}/{kind}".format(**body["command"], kind=kind)
    if kind == "methods":
        time = datetime.fromisoformat(body["occurred_at"])
        return f"payout/methods/{round(time.timestamp() * 1000)}"
    start = f"{domain}/{body['transaction_reference'].upper()}/{kind}"
    if kind == "returned":
        return f"{start}/{body['status']}"
    word = ""
    if kind == "status_changed":
        word = f":{body['status']}"
    elif kind in CLOSED and body["trigger"] == "operator":
        word = f":closed:{body['sequence']}"
    elif kind == "needs_review" and body["certainty"] == "accepted":
        reason = body["reason"]
        more = [reason["field"]] if "field" in reason else []
        more += [body["status"]] if reason["code"] == "contradiction" else []
        word = "".join(f":{part}" for part in (reason["code"], *more))
    return f"{start}{word}/{body['attempt']}"


def key_of(name, body):
    """The key that a value asks for."""
    reference = body.get("data", body).get("transaction_reference")
    match name:
        case "claim":
            return f"claim/{body['owner']}/{body['number']}"
        case "intent" | "outcome":
            attempt = f"{reference.upper()}/{body['attempt']}"
            return f"{attempt}/{name}/{body['owner']}/{body['number']}"
        case _ if name.startswith("aspayds.worker."):
            return body["worker"]
        case "review":
            return f"review/{body['domain']}/{reference.upper()}/{body['attempt']}"
        case "flow":
            return f"flow/{body['domain']}"
        case "rate":
            return name
        case _:
            return reference


# MARK: Commands


def command_breaches(record):
    """Everything that is wrong with a command, as far as the contract can say it."""
    try:
        return list(wrong_with_command(record))
    except (Breach, ValueError) as error:
        return [masked(str(error))]


def wrong_with_command(record):
    candidates = messages(record.topic)
    first = next(iter(candidates.values()))
    headers = judged_headers(record)
    is_structured = headers.get("content-type", "").lower().startswith("application/cloudevents")
    if is_structured:
        headers = {name: headers[name] for name in headers if name in ("ce_id", "content-type")}
    yield from told("headers", headers, first["headers"]["schema"]["$ref"])
    if len(record.value or b"") > LONGEST_COMMAND:
        raise Breach("the value is too long")
    type, body = headers.get("ce_type"), read_json(record.value) if record.value else None
    if is_structured:
        yield from told("value", body, "schemas/envelope.json")
        type, body = opened(body)
    message = candidates.get(type or first["name"])
    if message is None:
        raise Breach(f"{type}: no such command on this topic")
    yield from told("value", body, message["payload"]["schema"]["$ref"])
    yield from other_key(record, body)


def judged_headers(record):
    """The headers that a worker judges; of all others, what is wrong with them means nothing."""
    found = {}
    for name, value in record.headers:
        if name not in JUDGED or value is None:
            continue
        if found.setdefault(name.lower(), value) != value:
            raise Breach(f"the header {name} is there twice, with different values")
    return {name: value.decode() for name, value in found.items()}


def other_key(record, body):
    """The key, where there is one, is the reference; case does not matter."""
    reference = body.get("transaction_reference") if isinstance(body, dict) else None
    if not isinstance(reference, str) or not record.key:
        return
    if record.key.upper() != reference.upper().encode():
        yield masked(f"the key is {record.key!r}, and the reference {reference!r}")


def opened(event):
    """Type and data of a structured CloudEvent."""
    if not isinstance(event, dict):
        raise Breach("not an object")
    if "data_base64" in event:
        text = str(event["data_base64"])
        return event.get("type"), read_json(base64.b64decode(text, validate=True))
    return event.get("type"), event.get("data", {})
