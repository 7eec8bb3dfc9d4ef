#!/usr/bin/env bash
# Measures how long it takes until the partitions of a replica that ends are worked again, beside bare
# consumers in the workers' place, and how long a worker takes to restore a ledger of a million
# records; prints both. About eight minutes once everything is built. Options are passed on:
#
#     bash deploy/takeover.sh --help
#     bash deploy/takeover.sh --broker kafka:9092 --rate 100    # KAFKA_… as for a worker, topics of its own
source "$(dirname "$0")/setup.sh"

need_build_tools
python_environment Tests/EndToEnd/requirements.txt
build_release
ASPAYDS_BIN=$bin exec "$venv/bin/python" deploy/takeover.py "$@"
