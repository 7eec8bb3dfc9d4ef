#!/usr/bin/env bash
# The main job on real input: an embedded Kafka, the sandbox provider, the real worker, and the
# sample commands of topics/examples. Stays up until Ctrl-C; with --once it ends by itself, with
# exit code 0 only if every command ended as topics/examples/expected.tsv says.
source "$(dirname "$0")/setup.sh"

once=
case "${1-}" in
    --once) once=yes ;;
    "") ;;
    *) echo "usage: deploy/demo.sh [--once]" >&2; exit 2 ;;
esac

need_build_tools
[ -n "$once" ] || { need kcat kcat && install_missing; }
build_release
work=$(mktemp -d)
finish() {
    local verdict=$?
    trap - EXIT INT TERM
    # What is ended by a signal says so; that is not how the demo went.
    kill "${pids[@]}" 2> /dev/null || true
    wait "${pids[@]}" 2> /dev/null || true
    rm -rf "$work"
    exit $verdict
}
pids=()
trap finish EXIT
trap 'exit 130' INT TERM

# until_true SECONDS COMMAND … : waits for a condition.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

say "starting an embedded Kafka and the sandbox provider"
"$bin/aspayds-sandbox" --api-port 0 --env-file "$work/env" --quiet 2> "$work/sandbox.log" &
pids+=($!)
until_true 20 test -f "$work/env" || { cat "$work/sandbox.log" >&2; exit 1; }
source "$work/env"

say "starting the worker"
health=$((20000 + RANDOM % 10000))
ASPAYDS_HEALTH_PORT=$health ASPAYDS_REQUEST_TIMEOUT=2s ASPAYDS_ROLES=payments,payouts \
    ASPAYDS_RATE_LIMIT=100 "$bin/aspayds-worker" run 2> "$work/worker.log" &
pids+=($!)
ready() { (exec 3<> /dev/tcp/127.0.0.1/$health && printf 'GET /ready HTTP/1.0\r\n\r\n' >&3 &&
    head -1 <&3 | grep -q ' 200 ') 2> /dev/null; }
until_true 30 ready || { cat "$work/worker.log" >&2; exit 1; }

say "sending the sample commands; their events as they arrive:"
examples=topics/examples
expected=$(($(wc -l < $examples/expected.tsv) - 1))
"$bin/aspayds-worker" watch --follow --from beginning --timeout 40s --until-final $expected \
    > "$work/events" &
watcher=$!
pids+=($watcher)
tail -n +1 -f --pid=$watcher "$work/events" &
pids+=($!)
{
    "$bin/aspayds-worker" send payment --file $examples/payments.json
    "$bin/aspayds-worker" send payout --file $examples/payouts.json
    "$bin/aspayds-worker" send payment --raw $examples/malformed.txt --key MALFORMED-1
} > "$work/sent"
wait $watcher || true
sleep 0.2

say "how each command ended"
"$bin/aspayds-worker" watch > "$work/all"
awk -F '\t' -v events="$work/all" '
    BEGIN {
        while ((getline line < events) > 0) {
            split(line, f, / +/)
            ended[f[2], f[3]] = f[4]
        }
        format = "%-8s  %-22s  %-12s  %-12s  %s\n"
        printf format, "domain", "reference", "expected", "ended as", ""
    }
    NR > 1 {
        is = ended[$1, $2]
        printf format, $1, $2, $3, is, (is == $3 ? "ok" : "WRONG")
        if (is != $3) wrong++
    }
    END { exit wrong > 0 }
' $examples/expected.tsv && verdict=0 || verdict=1

if [ $verdict -ne 0 ]; then
    say "not every command ended as it should; the worker's log:"
    cat "$work/worker.log" >&2
fi
[ -n "$once" ] && exit $verdict

cp "$work/env" .build-release/demo.env
cat >&2 <<END

Everything stays up until Ctrl-C. In another terminal, from here:

  source .build-release/demo.env
  export PATH=\$PWD/.build-release/release:\$PATH
  aspayds-worker watch --follow
  aspayds-worker send payout --reference WD-3001 --payout-method-id 1 --amount 700 \\
      --recipient-name Rahim --recipient-account 01712345678
  echo 'TRX1001:{"amount":100,"customer_name":"Rahim","transaction_reference":"TRX1001","callback_url":"https://shop.example/cb"}' |
      kcat -P -b $KAFKA_BOOTSTRAP_SERVERS -t aspayds.payment.commands -X topic.partitioner=murmur2_random -K:
  curl -s ${ASPAYDS_BASE_URL%/api}/_sandbox/executions    what the provider has executed
  curl -s -X POST ${ASPAYDS_BASE_URL%/api}/_sandbox/faults -d '[{"fault":"429","rate":0.5}]'
  aspayds-sandbox --help                                  more faults, and magic references
END
wait "${pids[0]}"
