#!/usr/bin/env python3
"""Loyalty points: one for each whole euro of every order that was paid. A member by stream, in the standard library.

The same component stands in points.ts and points.sh. Run it: MILLRACE_API_KEY=… python3 points.py
"""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("MILLRACE_URL", "http://127.0.0.1:3000") + "/v1"
CONSUMER = sys.argv[1] if len(sys.argv) > 1 else "loyalty"
MEMBER = f"python-{os.uname().nodename}-{os.getpid()}"  # each process has a name of its own


def ask(method, path, body=None, **headers):
    headers = {"Authorization": f"Bearer {os.environ['MILLRACE_API_KEY']}", "Content-Type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    # The server says something at least every 15 s: 45 s of silence are a dead connection.
    return urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method), timeout=45)


def handle(event):
    """The component: what is to become of an event."""
    cents = event.get("data", {}).get("cents")
    if cents is None:
        return {"outcome": "dead-letter", "error": {"name": "NoAmount", "message": "the order has no amount"}}
    # Committed with the ack, or not at all.
    return {"outcome": "ack", "state": {"increment": {f"points/{event['partitionkey']}": cents // 100}}}


def deliveries():
    """What the stream delivers, for ever: a connection that broke goes on behind the last id that was seen."""
    last_id = ""
    while True:
        try:
            path = f"/consumers/{CONSUMER}/events?member={MEMBER}"
            with ask("GET", path, **({"Last-Event-ID": last_id} if last_id else {})) as stream:
                frame = {}
                for line in stream:
                    field, _, value = line.decode().rstrip("\n").partition(": ")
                    if field:
                        frame[field] = value
                        continue
                    if "data" in frame and "event" not in frame:  # named frames tell of partitions and pauses
                        yield json.loads(frame["data"])
                    last_id, frame = frame.get("id", last_id), {}
        except urllib.error.HTTPError as refusal:
            if refusal.code not in (409, 429, 503):  # 409: the server has not noticed yet that we are gone
                raise
        except OSError as failure:
            print(f"{failure}; connecting again", file=sys.stderr)
        time.sleep(1)


def settle(delivery, outcome):
    place = {name: delivery[name] for name in ("topic", "partition", "epoch", "offset")}
    while True:
        try:
            return ask("POST", f"/consumers/{CONSUMER}/settlements", {"settlements": [{**place, **outcome}]}).close()
        except urllib.error.HTTPError as refusal:
            if refusal.code == 409:
                return  # the event has gone to another member
            if refusal.code not in (429, 503):
                raise
        except OSError:
            pass  # no answer: saying it again is harmless
        time.sleep(1)


ask("PUT", "/topics/orders", {}).close()
ask("PUT", f"/consumers/{CONSUMER}", {"topics": [{"topic": "orders", "types": ["order.paid"]}], "partitions": 4}).close()
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
try:
    for delivered in deliveries():
        settle(delivered["delivery"], handle(delivered["event"]))
except KeyboardInterrupt:
    pass
finally:
    ask("DELETE", f"/consumers/{CONSUMER}/members/{MEMBER}").close()  # goodbye: others go on at once
