#!/usr/bin/env bash
# The whole circle on real input: an embedded Kafka, the sandbox provider, the real worker with its
# receiver, and the sample commands of topics/examples. Customers pay in the checkout, payouts move by
# themselves. Stays up until Ctrl-C; with --once it presses the buttons itself and ends, with exit code
# 0 only if everything ended as topics/examples/expected.tsv says.
source "$(dirname "$0")/setup.sh"

once=
case "${1-}" in
    --once) once=yes ;;
    "") ;;
    *) echo "usage: deploy/demo.sh [--once]" >&2; exit 2 ;;
esac

need_build_tools
need curl curl
[ -n "$once" ] || need kcat kcat
install_missing
build_release
work=$(mktemp -d)
finish() {
    local verdict=$?
    trap - EXIT INT TERM
    # What is ended by a signal says so; that is not how the demo went.
    # The last first: a worker whose Kafka is gone takes its time to leave.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill "${pids[i]}" 2> /dev/null || true
        wait "${pids[i]}" 2> /dev/null || true
    done
    rm -rf "$work" .build-release/demo.env
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
"$bin/aspayds-sandbox" --api-port 0 --env-file "$work/env" --quiet \
    --process-after-ms 2000 --complete-after-ms 3000 2> "$work/sandbox.log" &
pids+=($!)
until_true 20 test -f "$work/env" || { cat "$work/sandbox.log" >&2; exit 1; }

say "starting the worker"
health=$((20000 + RANDOM % 5000))
callback=$((health + 5000))
cat >> "$work/env" <<END
export ASPAYDS_PUBLIC_URL=http://127.0.0.1:$callback
export ASPAYDS_CALLBACK_KEYS=demo:$(head -c 32 /dev/urandom | base64)
END
source "$work/env"
root=${ASPAYDS_BASE_URL%/api}
ASPAYDS_HEALTH_PORT=$health ASPAYDS_HTTP_PORT=$callback ASPAYDS_RATE_LIMIT=100 \
    ASPAYDS_REQUEST_TIMEOUT=2s "$bin/aspayds-worker" run 2> "$work/worker.log" &
pids+=($!)
until_true 30 curl -fso /dev/null http://127.0.0.1:$health/ready ||
    { cat "$work/worker.log" >&2; exit 1; }

say "sending the sample commands; their events as they arrive:"
"$bin/aspayds-worker" watch --follow --from beginning > >(tee "$work/events") &
pids+=($!)
examples=topics/examples
{
    "$bin/aspayds-worker" send payment --file $examples/payments.json
    "$bin/aspayds-worker" send payout --file $examples/payouts.json
    "$bin/aspayds-worker" send payment --raw $examples/malformed.txt --key MALFORMED-1
} > "$work/sent"

# checkout REFERENCE : the address of its page, once the invoice is created.
checkout() {
    awk -v reference="$1" '$3 == reference && $4 == "created" { print $NF }' "$work/events" |
        grep -m 1 .
}
until_true 30 checkout PAY-1001 > "$work/pay" && until_true 30 checkout PAY-1002 > "$work/cancel" ||
    { cat "$work/worker.log" >&2; exit 1; }

if [ -z "$once" ]; then
    cp "$work/env" .build-release/demo.env
    cat >&2 <<END

  Pay or cancel as a customer      $(cat "$work/pay")
                                   $(cat "$work/cancel")
  See all that the provider has    $root/

The events go on below, until Ctrl-C. In another terminal, from here:

  source .build-release/demo.env
  export PATH=\$PWD/.build-release/release:\$PATH
  aspayds-worker send payout --reference WD-3001 --payout-method-id 1 --amount 700 \\
      --recipient-name Rahim --recipient-account 01712345678
  echo 'TRX1001:{"amount":100,"customer_name":"Rahim","transaction_reference":"TRX1001"}' |
      kcat -P -b $KAFKA_BOOTSTRAP_SERVERS -t aspayds.payment.commands -X topic.partitioner=murmur2_random -K:
  kcat -C -b $KAFKA_BOOTSTRAP_SERVERS -t aspayds.notifications    # what was verified, as the provider's webhooks
  kcat -C -b $KAFKA_BOOTSTRAP_SERVERS -t aspayds.webhooks         # what came from outside, as it came
  curl -s -X POST $root/_sandbox/faults -d '[{"fault":"429","rate":0.5}]'
  aspayds-sandbox --help                                  # more faults, and magic references

END
    wait "${pids[0]}"
    exit
fi

# The buttons of the checkout, and the customer's way back to the worker's receiver.
curl -fsSL -o /dev/null --data '' "$(cat "$work/pay")/pay"
curl -fsSL -o /dev/null --data '' "$(cat "$work/cancel")/cancel"

# judge : writes a table of what was said of each reference; true if all of it is as expected.
judge() {
    "$bin/aspayds-worker" watch --json > "$work/all"
    awk -F '\t' -v events="$work/all" '
        function field(name) {
            if (!match(line, "\"" name "\":\"[^\"]*\"")) return "-"
            return substr(line, RSTART + length(name) + 4, RLENGTH - length(name) - 5)
        }
        BEGIN {
            while ((getline line < events) > 0) {
                name = field("domain") "\t" field("transaction_reference")
                state = field("state")
                trigger = field("trigger")
                # A return is the word of a browser: no state.
                if (state != "returned") {
                    ended[name] = state
                    if (trigger ~ /webhook|return|poll/) state = state " (" trigger ")"
                }
                told[name] = told[name] (told[name] ? ", " : "") state
            }
            format = "%-7s  %-20s  %-11s  %-5s  %s\n"
            printf format, "domain", "reference", "expected", "", "events"
        }
        NR > 1 {
            name = $1 "\t" $2
            right = ended[name] == $3
            printf format, $1, $2, $3, (right ? "ok" : "WRONG"), told[name]
            wrong += !right
        }
        END { exit wrong > 0 }
    ' $examples/expected.tsv > "$work/table"
}
until_true 90 judge && verdict=0 || verdict=1
say "how everything ended"
cat "$work/table"
if [ $verdict -ne 0 ]; then
    say "not everything ended as it should; the worker's log:"
    cat "$work/worker.log" >&2
fi
exit $verdict
