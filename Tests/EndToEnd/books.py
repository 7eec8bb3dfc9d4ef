"""The judge: compares commands, events and what the provider really executed."""

from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

from waiting import until

# What a command ends in, or waits in for a person (CONTRACT.md, "Events").
FINAL = {"created", "requested", "refused", "expired", "checked", "methods", "needs_review"}
ACCEPTED = {"created", "requested"}
TIMES_OF_EVIDENCE = "in_doubt_since", "last_lookup_at"


def endings(events):
    """The final events of each command, one for each `ce_id`: a repeated one counts once."""
    found = defaultdict(dict)
    for event in events:
        if event.kind in FINAL:
            found[event.command][event.id] = event
    return found


def await_endings(cluster, commands, within):
    """Waits until every command has ended."""

    def open_commands():
        ended = endings(cluster.events())
        return [command for command in commands if command.id not in ended]

    until(
        lambda: not open_commands(),
        within,
        lambda: f"every command ends, but {[story(cluster, one) for one in open_commands()[:5]]}",
    )


def story(cluster, command):
    """What was said of a command, for a person who reads a failure."""
    told = [event for event in cluster.events() if event.command == command.id]
    return command.reference, [(event.header("ce_time"), event.kind, event.reason) for event in told]


def judge(sandbox, commands):
    """Nothing twice, nothing lost, nothing untrue, nothing out of order; answers the counts."""
    events, executions = sandbox.cluster.events(), sandbox.executions
    nothing_twice(sandbox, executions)
    ended = each_ends_once(events, commands)
    told_as_it_is(ended.values(), executions)
    reviews_have_evidence(events)
    in_key_order(events)
    offsets_passed(sandbox.cluster)
    return Counter(f"{event.domain} {event.kind}" for event in ended.values())


def nothing_twice(sandbox, executions):
    """The provider here executes a duplicate: so there was none."""
    assert sandbox.order("GET", "settings")["duplicates"] == "create"
    names = Counter((line["kind"], line["reference"].upper()) for line in executions)
    assert [name for name, count in names.items() if count > 1] == []
    assert sandbox.totals["repeated"] == 0


def each_ends_once(events, commands):
    """Every command has one ending; answers it by the command's id."""
    found = endings(events)
    counts = {command.id: len(found[command.id]) for command in commands}
    assert {id: count for id, count in counts.items() if count != 1} == {}
    return {command.id: next(iter(found[command.id].values())) for command in commands}


def told_as_it_is(endings, executions):
    """Events and the provider's own ledger agree, in both directions."""
    ledger = {(line["kind"], line["reference"].upper()): line for line in executions}
    accepted = set()
    for event in endings:
        name = event.domain, event.reference.upper()
        line = ledger.get(name)
        if event.kind in ACCEPTED:
            accepted.add(name)
            assert line, f"{event.kind} {name}, but the provider has not executed it"
        if event.kind in {"refused", "expired"}:
            assert line is None, f"{event.kind} {name}, but the provider has executed it"
        if line and (event.provider_id or event.kind in ACCEPTED):
            assert event.provider_id == line["id"], name
        if line and event.kind in ACCEPTED | {"needs_review"}:
            assert Decimal(str(event.body["amount"])) == Decimal(str(line["amount"])), name
    assert set(ledger) - accepted == set(), "executed, and not said"


def reviews_have_evidence(events):
    """A person who must decide is told why, and what was done to find out."""
    for event in events:
        if event.kind != "needs_review":
            continue
        assert event.reason["code"] and event.reason["message"], event.body
        if event.reason["code"] == "absent":
            evidence = event.body["evidence"]
            since, last = (datetime.fromisoformat(evidence[name]) for name in TIMES_OF_EVIDENCE)
            assert since < last <= datetime.fromisoformat(event.body["occurred_at"]), evidence
            assert evidence["lookups"] > 0 and evidence["last_answer"] == "absent", evidence
            # A worker that died has told nobody how its transmission went.
            assert evidence.get("transmission") != "", evidence


def in_key_order(events):
    """The answer to a check never lies before the first word on its order.

    An order in doubt says so and lets its followers pass: then `in_doubt` is that word.
    """
    places = defaultdict(list)
    for event in events:
        places[event.domain, event.reference].append((event.partition, event.offset, event.kind))
    for name, list_ in places.items():
        assert len({partition for partition, _, _ in list_}) == 1, f"{name} in two partitions"
        kinds = [kind for _, _, kind in sorted(list_)]
        assert kinds[0] != "checked", f"{name}: {kinds}"


def offsets_passed(cluster):
    """Both groups have committed the ends of their command topics."""
    for domain in ("payment", "payout"):
        until(
            lambda: cluster.uncommitted(domain) == {},
            10,
            lambda: f"all {domain} commands are committed: {cluster.uncommitted(domain)} are not",
        )
