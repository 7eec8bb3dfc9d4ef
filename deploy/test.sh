#!/usr/bin/env bash
# Installs what is missing, then checks the format, builds without warnings and runs every test.
source "$(dirname "$0")/setup.sh"

need_build_tools
need kcat kcat
need openssl openssl
install_missing
need chromium chromium
need chromedriver chromium-driver
install_missing || true  # Where there is none, the tests in the browser say so and are skipped.
python_environment Tests/EndToEnd/requirements.txt

say "format"
swift format lint --strict --recursive --parallel Package.swift Sources Tests

say "build"
export WARNINGS_AS_ERRORS=1
swift build --build-tests

# Runs tests in Swift, a few at a time: many of them look at the clock. What failed is said last.
swift_tests() {
    local log=.build/tests.log
    swift test --skip-build --parallel --experimental-maximum-parallelization-width 2 "$@" 2>&1 |
        tee "$log" || { grep -a '✘\|error:' "$log" >&2; return 1; }
}

say "tests in Swift"
# The worlds of the simulation would keep the cores from the others.
swift_tests --skip SimulationTests
swift_tests --filter SimulationTests

say "deployment"
bash deploy/check.sh

say "simulation"
swift build -c release --scratch-path .build-release --product simulate
simulate() { .build-release/release/simulate "$@"; }
simulate --seeds 20000
simulate --seeds 20000 --teeth
# A seed is a world, in every process. What is told at the end tells of time.
trace() { simulate --from "$1" --seeds 1 --trace | sed '/^worlds /d'; }
for seed in 1 2 3; do
    trace "$seed" > .build/trace
    cmp .build/trace <(trace "$seed")
done

say "instructions and allocations"
bash deploy/engine-bench.sh --quick

say "tests from outside"
# A broker in the environment is for test-kafka.sh. They wait more than they work: several at once.
unset "${!KAFKA_@}"
"$venv/bin/python" -m pytest -q -n 3 --dist worksteal Tests/EndToEnd "$@"
