#!/usr/bin/env bash
# Measures the worker on this machine against the sandbox provider and an embedded Kafka, both in
# another process, and prints a table, with what HTTP and Kafka do alone there. About two minutes once built.
source "$(dirname "$0")/setup.sh"

need_build_tools
need wrk wrk
install_missing
python_environment Tests/EndToEnd/requirements.txt
build_release
exec "$venv/bin/python" deploy/bench.py --bin "$bin" "$@"
