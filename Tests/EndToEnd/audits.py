"""`aspayds-worker audit`, and what it must say."""

import json
from collections import Counter
from decimal import Decimal

from processes import SHORT_TIMES, run

# What an audit judges by is what the workers of these tests go by.
TERMS = {"ASPAYDS_SETTLE_WINDOW": SHORT_TIMES["ASPAYDS_SETTLE_WINDOW"]}
# States of a reference that the provider has.
EXECUTED = {"accepted", "processing", "completed", "rejected", "cancelled", "changed", "overdue"}


def audit(environment, *flags, within=120):
    """Runs an audit; answers its exit code and what it says."""
    flags = "audit", "--json", *flags
    ended = run("aspayds-worker", *flags, environment=TERMS | environment, within=within)
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout, parse_float=Decimal)


def assert_right(environment, *flags, **options):
    """Runs an audit that finds nothing wrong; answers what it says."""
    code, report = audit(environment, *flags, **options)
    assert report["breaches"] == [], describe(report["breaches"], environment)
    assert code == 0, report
    return report


def describe(breaches, environment):
    """The breaches, and all that is known of the first references that they are about."""
    names = dict.fromkeys(breach["transaction_reference"] for breach in breaches)
    texts = [json.dumps(breaches, indent=1, default=str)]
    for name in [name for name in names if name][:3]:
        for words in (("ledger", "show", name, "--json"), ("watch", "--reference", name)):
            texts.append(run("aspayds-worker", *words, environment=environment, within=60).stdout)
    return "\n".join(texts)


def sums_accepted(report):
    """How many references were accepted, and what they amount to, by domain."""
    counts, sums = Counter(), Counter()
    for row in report["references"]:
        if row["state"] in EXECUTED:
            counts[row["domain"]] += row["count"]
            sums[row["domain"]] += row["amount"]
    return {domain: (counts[domain], sums[domain]) for domain in counts}


def sums_executed(sandbox):
    """The same by the provider's own ledger."""
    counts, sums = Counter(), Counter()
    for line in sandbox.executions:
        counts[line["kind"]] += 1
        sums[line["kind"]] += Decimal(str(line["amount"]))
    return {domain: (counts[domain], sums[domain]) for domain in counts}
