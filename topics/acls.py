#!/usr/bin/env python3
"""Prints the commands that grant the rights of acls.yaml, one a line; runs none of them.

    python3 topics/acls.py --bootstrap-server kafka:9092 payments=User:worker payouts=User:worker \\
        receiver=User:receiver reviewer=User:amina
"""

import argparse
import pathlib
import shlex

import yaml  # Debian: python3-yaml

FILE = yaml.safe_load(pathlib.Path(__file__).with_name("acls.yaml").read_text())


def command(options, acl, principal):
    """The words of one `kafka-acls` command."""
    name = acl["name"].format(prefix=options.prefix, group_prefix=options.group_prefix)
    resource = ["--cluster"] if acl["type"] == "cluster" else [f"--{acl['type']}", name]
    operations = [word for operation in acl["operations"] for word in ("--operation", operation)]
    return [
        *("kafka-acls", "--bootstrap-server", options.bootstrap_server, "--add", *resource),
        *("--resource-pattern-type", acl.get("pattern", "literal")),
        *("--allow-principal", principal, *operations),
    ]


def main():
    roles = "\n".join(f"  {role:<14} {what}" for role, what in FILE["roles"].items())
    parser = argparse.ArgumentParser(
        description="Prints the kafka-acls commands that grant the rights of acls.yaml.",
        epilog=f"roles:\n{roles}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("grants", nargs="+", metavar="ROLE=PRINCIPAL")
    parser.add_argument("--bootstrap-server", required=True)
    parser.add_argument("--prefix", default="aspayds.", help="of topics (default: aspayds.)")
    parser.add_argument("--group-prefix", default="aspayds-", help="of groups (default: aspayds-)")
    options = parser.parse_args()
    for grant in options.grants:
        role, equals, principal = grant.partition("=")
        if role not in FILE["roles"] or not equals or not principal:
            parser.error(
                f"{grant}: ROLE=PRINCIPAL, and a role is one of {', '.join(FILE['roles'])}"
            )
        for acl in FILE["acls"]:
            if acl["role"] == role:
                print(shlex.join(command(options, acl, principal)))


if __name__ == "__main__":
    main()
