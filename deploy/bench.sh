#!/usr/bin/env bash
# Measures the worker on this machine against the sandbox provider and an embedded Kafka, both in
# another process, and prints a table. About two minutes once everything is built.
source "$(dirname "$0")/setup.sh"

need_build_tools
python_environment Tests/EndToEnd/requirements.txt
build_release
exec "$venv/bin/python" deploy/bench.py --bin "$bin" "$@"
