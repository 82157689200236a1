#!/usr/bin/env bash
# Loyalty points: one for each whole euro of every order that was paid. A member by pull, with curl and jq.
# The same component stands in points.ts and points.py. Run it: MILLRACE_API_KEY=… bash points.sh
set -euo pipefail

api=${MILLRACE_URL:-http://127.0.0.1:3000}/v1
consumer=$api/consumers/${1:-loyalty}
member=bash-$(hostname)-$$ # each process has a name of its own

ask() { # method, address, body
  curl -sS --fail --max-time 60 -X "$1" "$2" ${3:+-d "$3"} \
    -H "Authorization: Bearer $MILLRACE_API_KEY" -H 'Content-Type: application/json'
}

# The component: what is to become of each event. State is committed with the ack, or not at all.
settlements='{settlements: [.deliveries[] | (.delivery | {topic, partition, epoch, offset}) + (.event |
  if .data.cents
  then {outcome: "ack", state: {increment: {("points/" + .partitionkey): (.data.cents / 100 | floor)}}}
  else {outcome: "dead-letter", error: {name: "NoAmount", message: "the order has no amount"}} end)]}'

ask PUT "$api/topics/orders" '{}' >/dev/null
ask PUT "$consumer" '{"topics":[{"topic":"orders","types":["order.paid"]}],"partitions":4}' >/dev/null
trap 'ask DELETE "$consumer/members/$member"' EXIT # goodbye: others go on at once
trap 'exit 0' INT TERM

session='{}' # none yet
while :; do
  if ! pulled=$(ask POST "$consumer/deliveries" "$(jq -n "{member: \"$member\", waitMs: 5000} + $session")"); then
    session='{}' # it is over, or nobody answers: begin anew, and what is unsettled comes again
    sleep 1
    continue
  fi
  session=$(jq -c '{session}' <<<"$pulled")
  if [ "$(jq '.deliveries | length' <<<"$pulled")" -gt 0 ]; then
    # Refused: the events have gone to another member. Not answered: they come again.
    ask POST "$consumer/settlements" "$(jq -c "$settlements" <<<"$pulled")" >/dev/null || session='{}'
  fi
done
