#!/usr/bin/env bash
# Lets everything fail for N minutes (--minutes N, 3 if not said; up to 600), then audits the books.
# ASPAYDS_SOAK_SEED repeats the orders, the faults and the hits of an earlier run.
minutes=3
while [ $# -gt 0 ]; do
    case $1 in
        --minutes) minutes=${2-}; shift 2 || { echo "soak: --minutes needs a number" >&2; exit 2; } ;;
        -h | --help) sed -n '2,3s/^# //p' "$0"; exit ;;
        *) echo "soak: unknown option $1; there is --minutes N" >&2; exit 2 ;;
    esac
done
if ! [[ $minutes =~ ^[0-9]{1,3}$ ]] || [ "$minutes" -lt 1 ] || [ "$minutes" -gt 600 ]; then
    echo "soak: --minutes is '$minutes'; allowed: 1 to 600" >&2
    exit 2
fi
source "$(dirname "$0")/setup.sh"

need_outside_tests

say "soak, $minutes minutes"
ASPAYDS_SOAK_MINUTES=$minutes "$venv/bin/python" -m pytest -q -rP Tests/EndToEnd/test_soak.py
