"""What must not be seen, and the search for it in everything that the programs write.

Every byte is searched: standard output and error of each program, what tools print, what is served
to monitoring, and every record of every topic.
"""

import re
from collections import Counter

from commands import ACCOUNT_PREFIX

# The accounts of these tests, and those of topics/examples: not the same digits within a longer number, or a
# hash.
ACCOUNT = rf"(?<![\da-f.])(?:88)?(?:{ACCOUNT_PREFIX}\d{{7}}|0?1[5-9]12345678)(?![\da-f])"
# Whoever has the token of a callback address may use it.
TOKEN = r"/callback/[A-Za-z0-9_-]{40,}"
# Where accounts may be: commands as they were sent, and what is kept byte for byte.
UNMASKED = ("payment.commands", "payout.commands", "dead-letters", "webhooks")
# Where a secret lies is none.
SECRET_SETTING = re.compile(r"(?=.*(KEY|SECRET|PASSWORD))(?!.*(LOCATION|_FILE)$)")

# The secrets in the settings of any program so far.
secrets = {"sandbox-key", "sandbox-secret", "hush-hush"}
# How many bytes were searched, by what they are.
searched = Counter()


def learn(environment):
    """Remembers the secrets in the settings of a program."""
    for name, value in environment.items():
        if name.startswith(("ASPAYDS_", "KAFKA_")) and SECRET_SETTING.search(name):
            # Callback keys have names: `k1:BASE64,k2:BASE64`.
            texts = (part.rpartition(":")[2] for part in value.split(","))
            secrets.update(text for text in texts if len(text) >= 6)


def in_bytes(data, what, place, accounts=True):
    """Fails with the lines that tell a secret, blotted out: what a failure shows is published too."""
    __tracebackhide__ = True
    searched[what] += len(data)
    patterns = [*map(re.escape, sorted(secrets)), TOKEN, *([ACCOUNT] if accounts else [])]
    forbidden = re.compile("|".join(patterns).encode())
    if forbidden.search(data):
        lines = [line for line in data.splitlines() if forbidden.search(line)]
        shown = b"\n".join(forbidden.sub(b"<SECRET>", line)[:500] for line in lines[:5])
        raise AssertionError(f"{place} tells a secret:\n{shown.decode(errors='replace')}")


def in_text(text, what, place, accounts=True):
    __tracebackhide__ = True
    in_bytes(text.encode(), what, place, accounts)


def in_records(records, besides=frozenset()):
    """Searches topics, by their names without the prefix; some places are the test's own."""
    __tracebackhide__ = True
    for topic, list_ in records.items():
        for record in list_:
            place = record.topic, record.partition, record.offset
            if place in besides or topic.endswith(".commands") and not is_ours(record):
                continue
            parts = [part for header in record.headers for part in (header[0].encode(), header[1])]
            data = b"\n".join(part or b"" for part in [record.key, record.value, *parts])
            in_bytes(data, topic, "/".join(map(str, place)), accounts=topic not in UNMASKED)


def is_ours(record):
    """Whether a program of ours wrote a command: it sent it, forwarded it, or checks because of a hint."""
    source = record.header("ce_source") or ""
    return source.startswith("/aspayds-worker/") or record.header("aspayds_origin") is not None
