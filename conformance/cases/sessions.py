"""Sessions: what a lost connection, a killed client, a taken name and a goodbye mean."""

import json
import os
import subprocess
import sys
import threading
import time

from scene import case, check, delivery_of, equal, eventually, offset_of, refused
from wire import Refusal


@case("A connection cut every 2 s under handlers of 3 s: every event is handled once, and none dies")
def cuts(at):
    at.declare(retry={"maxAttempts": 3})
    at.publish(*[f"k{n % 4}" for n in range(8)])
    handled, problems, handlers = [], [], []

    def handle(delivered):
        try:
            time.sleep(3)
            equal(at.settle(delivered), {"settled": 1}, f"the answer to event {offset_of(delivered)}")
            handled.append(offset_of(delivered))
        except Exception as failure:
            problems.append(failure)

    last_id, cuts = None, 0
    while len(handled) < 8:
        # A browser's EventSource sends the header; clients that cannot set one send the parameter.
        stream = at.stream(last_event_id=last_id, by_query=cuts % 2 == 1)
        time.sleep(2)
        stream.cut()
        check(stream.frames[0].data["resumed"] == (cuts > 0), "the session goes on")
        last_id, cuts = stream.last_id or last_id, cuts + 1
        for delivered in stream.deliveries:
            handlers.append(threading.Thread(target=handle, args=[delivered]))
            handlers[-1].start()
        check(not problems, f"a settlement was not taken: {problems}")
        check(cuts < 15, f"only {len(handled)} of 8 events were handled within 30 s")
    for handler in handlers:
        handler.join()
    equal(sorted(handled), list(range(1, 9)), "events handled")
    at.everything_is_settled()


@case("What was lost on the wire is sent again under its old id; what had arrived is not, and counts when it is settled")
def resume(at):
    at.declare(reconnectGraceMs=60_000)
    at.publish("a", "b", "c", "d")
    first = at.stream()
    deliveries = first.take(4)
    first.cut()
    equal(at.settle(deliveries[0]), {"settled": 1}, "a settlement while the client is away")
    with at.stream(last_event_id=deliveries[1].id) as second:
        again = second.take(2)
        equal(second.frames[0].data["resumed"], True, "resumed")
        equal([it.id for it in again], [it.id for it in deliveries[2:]], "the ids of what comes again")
        check(all(delivery_of(it)["redelivered"] and delivery_of(it)["attempt"] == 1 for it in again), "redelivered")
        equal(at.settle([deliveries[1], *again]), {"settled": 3}, "what is settled after the resume")
        at.everything_is_settled()
        equal(len(second.deliveries), 2, "deliveries of the second connection")


@case("A client that comes back before the server has noticed its absence goes on as well")
def resume_at_once(at):
    at.declare()
    at.publish("a", "b")
    first = at.stream()
    deliveries = first.take(2)
    with at.stream(last_event_id=deliveries[1].id) as second:
        second.until(lambda: second.named("session"), "the session")
        equal(second.frames[0].data, {**first.frames[0].data, "resumed": True, "inFlight": 2}, "the session")
        first.await_end()
        at.settle(deliveries)
        at.publish("c")
        at.settle(second.take(1))
        at.everything_is_settled()


def killed(at, resumes_at):
    at.declare(reconnectGraceMs=60_000, retry={"maxAttempts": 2})
    at.publish(*[f"k{n % 6}" for n in range(12)])
    url, key = at.server.address
    script = os.path.join(os.path.dirname(__file__), os.pardir, "doomed_member.py")
    child = subprocess.Popen([sys.executable, script, url, key, at.consumer], stdout=subprocess.PIPE, text=True)
    seen = [json.loads(child.stdout.readline()) for _ in range(6)]
    child.kill()
    child.wait()
    child.stdout.close()
    # What the client had sent just before it died arrives late.
    late = eventually(lambda: at.settle(seen[:2], at=resumes_at), "a late settlement")
    equal(late, {"settled": 2}, "a late settlement")
    with at.stream("doomed", last_event_id=seen[-1]["id"], at=resumes_at) as stream:
        stream.until(lambda: stream.named("session"), "the session")
        equal(stream.frames[0].data["resumed"], True, "resumed")
        handled = {1, 2}
        if resumes_at is at.server:
            at.settle(seen[2:])
            handled |= {3, 4, 5, 6}
        n = 0
        while len(handled) < 12:
            delivered = stream.take(n + 1)[n]
            place = delivery_of(delivered)
            check(place["offset"] not in handled, f"event {place['offset']} came again although it was settled")
            check(place["redelivered"] or place["offset"] > 6, f"event {place['offset']} says redelivered")
            equal((place["epoch"], place["attempt"]), (1, 1), f"epoch and attempt of event {place['offset']}")
            # The event before it in its key was handled.
            check(place["offset"] <= 6 or place["offset"] - 6 in handled, f"event {place['offset']} overtook")
            at.settle(delivered)
            handled.add(place["offset"])
            n += 1
        at.everything_is_settled()


@case("A client killed with -9 goes on as the same session: what it had counts, nothing is lost, nothing dies")
def killed_client(at):
    killed(at, at.server)


@case("A client killed with -9 goes on at another instance: what is unsettled comes again, late settlements count", True)
def killed_client_elsewhere(at):
    killed(at, at.other)


@case("A name belongs to one connected client: others are told who has it, and do it no harm")
def name_taken(at):
    at.declare()
    at.publish("a")
    with at.stream("worker") as holder:
        delivered = holder.take(1)[0]
        for _ in range(20):
            problem = refused("member-name-taken", lambda: at.stream("worker"))
        equal(problem["member"], "worker", "the name")
        check(all(problem.get(fact) for fact in ("server", "address", "since")), f"who has it: {problem}")
        at.settle(delivered)
        at.publish("a")
        after = holder.take(2)[1]
        equal(delivery_of(after)["epoch"], delivery_of(delivered)["epoch"], "the epoch after 20 attempts to take the name")
        at.settle(after)
        at.everything_is_settled()


@case("A client that is away is replaced at once by a newcomer of its name; what it still says is stale")
def replaced(at):
    at.declare(reconnectGraceMs=600_000, ackTimeoutMs=600_000)
    at.publish("a")
    first = at.stream("worker")
    old = first.take(1)[0]
    first.cut()

    def enter():
        try:
            return at.stream("worker")
        except Refusal as refusal:
            equal(refusal.code, "member-name-taken", "the refusal until the server knows of the cut")

    with eventually(enter, "the newcomer enters", 10) as second:
        fresh = second.take(1)[0]
        equal(second.frames[0].data["resumed"], False, "resumed")
        check(delivery_of(fresh)["epoch"] > delivery_of(old)["epoch"], "the newcomer has an epoch of its own")
        refused("stale-epoch", lambda: at.settle(old))
        equal(at.position(), 0, "the position after a stale settlement")
        at.settle(fresh)
        at.everything_is_settled()


@case("A session that is over: its epoch is stale, changes nothing, and its place begins a new session")
def stale_epoch(at):
    at.declare(reconnectGraceMs=200)
    at.publish("a")
    first = at.stream()
    old = first.take(1)[0]
    with at.stream("standby") as standby:
        first.cut()
        fresh = standby.take(1)[0]
        refused("stale-epoch", lambda: at.settle(old, state={"set": {"written": "by the old one"}}))
        equal(at.state("written"), None, "state of a stale settlement")
        with at.stream(last_event_id=old.id) as late:
            late.until(lambda: late.named("session"), "the session")
            equal(late.frames[0].data["resumed"], False, "resumed")
        at.settle(fresh)
        at.everything_is_settled()


@case("A goodbye hands everything over at once, and counts as no failure however often it happens")
def goodbye(at):
    at.declare(reconnectGraceMs=600_000, ackTimeoutMs=600_000, retry={"maxAttempts": 2})
    at.publish("a")
    for n in range(4):
        stream = at.stream(f"m{n}")
        stream.take(1, seconds=5)
        at.say_goodbye(f"m{n}")
        stream.await_end(5)
    with at.stream("last") as last:
        at.settle(last.take(1, seconds=5))
        at.everything_is_settled()


@case("A place that no stream ever had is refused by name")
def malformed_place(at):
    at.declare()
    for by_query, field in ((False, "Last-Event-ID"), (True, "lastEventId")):
        problem = refused("invalid-input", lambda: at.stream(last_event_id="no place", by_query=by_query))
        equal([it["field"] for it in problem["errors"]], [field], "the field at fault")
    for place in ("unknown.17", f"{'x' * 16}.0"):
        with at.stream(last_event_id=place) as stream:
            stream.until(lambda: stream.named("session"), "the session")
            equal(stream.frames[0].data["resumed"], False, "resumed, of an unknown session")


@case("A session is its client's: under another name its place begins a session of its own")
def place_of_another(at):
    at.declare()
    at.publish("a")
    with at.stream("m1") as first:
        delivered = first.take(1)[0]
        for n, server in enumerate(filter(None, (at.server, at.other))):
            with at.stream(f"other-{n}", last_event_id=delivered.id, at=server) as other:
                other.until(lambda: other.named("session"), "the session")
                told = {name: other.frames[0].data[name] for name in ("member", "resumed", "inFlight")}
                equal(told, {"member": f"other-{n}", "resumed": False, "inFlight": 0}, "the session")
        at.settle(delivered)
        at.everything_is_settled()
