#!/usr/bin/env bash
# Runs the tests from outside against the Kafka of KAFKA_BOOTSTRAP_SERVERS, with all other KAFKA_… settings
# that a worker would have. Arguments go to pytest, in the folder of the tests: deploy/test-kafka.sh test_main.py
case ${1-} in
    -h | --help) sed -n '2,3s/^# //p' "$0"; exit ;;
esac
if [ -z "${KAFKA_BOOTSTRAP_SERVERS-}" ]; then
    echo "test-kafka: KAFKA_BOOTSTRAP_SERVERS is not set; without a Kafka of your own, deploy/test.sh runs every test" >&2
    exit 2
fi
source "$(dirname "$0")/setup.sh"

need kcat kcat
need_outside_tests

say "tests from outside, at $KAFKA_BOOTSTRAP_SERVERS"
cd Tests/EndToEnd
"$venv/bin/python" -m pytest -q "$@"
