"""Failing and being slow: dead letters are for events that failed, and for nothing else."""

import time

from scene import case, check, delivery_of, equal, eventually, offset_of
from wire import Patience


@case("A slow client that works through its window one by one is never punished for what waits in its buffer")
def slow(at):
    at.declare(ackTimeoutMs=3_000)
    at.publish(*[f"k{n}" for n in range(60)])
    with at.stream() as stream:
        for n in range(60):
            delivered = stream.take(n + 1)[n]
            time.sleep(0.1)
            equal(at.settle(delivered), {"settled": 1}, f"the answer to event {offset_of(delivered)}")
        at.everything_is_settled()
        equal(len(stream.deliveries), 60, "deliveries")


@case("A client that hangs is found out by the event it hangs at, which is tried again")
def hanging(at):
    at.declare(ackTimeoutMs=1_000, reconnectGraceMs=0, retry={"backoff": {"delaysMs": [100]}})
    at.publish("a", "b")
    with at.stream("hanging") as stream, at.stream("standby") as standby:
        took = time.monotonic()
        hung_at = offset_of(stream.take(2)[0])
        again = {offset_of(it): delivery_of(it) for it in standby.take(2)}
        check(time.monotonic() - took > 0.8, "not before its time")
        equal(sorted(again), [1, 2], "what the standby is given")
        equal(again[hung_at]["attempt"], 2, "the attempt of the event that was not answered")
        equal(at.settle(standby.deliveries), {"settled": 2}, "the answer to the standby")
        at.everything_is_settled()


@case("One word that names no offset extends everything that is in flight of its partition")
def extend(at):
    at.declare(ackTimeoutMs=1_000, retry={"maxAttempts": 1})
    at.publish("a", "b", "c")
    with at.stream() as stream:
        deliveries = stream.take(3)
        place = delivery_of(deliveries[0])
        for _ in range(8):
            time.sleep(0.4)
            at.send([{**{name: place[name] for name in ("topic", "partition", "epoch")}, "outcome": "extend"}])
        equal(at.settle(deliveries), {"settled": 3}, "the answer after three times the ack timeout")
        at.everything_is_settled()
        equal(len(stream.deliveries), 3, "deliveries")


@case("While everything fails the breaker stops deliveries, uses up no attempt, and closes when one goes well")
def outage(at):
    breaker = {"minSettlements": 20, "probeMinMs": 500, "probeMaxMs": 1_000}
    at.declare(retry={"maxAttempts": 3, "backoff": {"delaysMs": [50]}}, breaker=breaker)
    at.publish(*[f"k{n}" for n in range(40)])
    with at.stream() as stream:
        n = 0

        def answer(outcome, until):
            """Answers whatever comes, until it is time."""
            nonlocal n
            ends_at = time.monotonic() + Patience.seconds
            while not until():
                check(time.monotonic() < ends_at, f"still waiting after {n} deliveries were answered by {outcome}")
                fresh = stream.deliveries[n:]
                n += len(fresh)
                for delivered in fresh:
                    at.settle(delivered, outcome)
                time.sleep(0.02)

        answer("retry", lambda: any(it["kind"] == "breaker" for it in stream.named("paused")))
        failing = at.describe()
        equal(failing["status"], "failing", "the status while everything fails")
        equal(failing["failing"]["error"]["name"], "HandlerFailed", "the error that is told")
        before, ends_at = n, time.monotonic() + 4
        answer("retry", lambda: time.monotonic() > ends_at)
        # What was with the client when the breaker opened may still be counted here; after that, one try at a time.
        check(n - before <= 40, f"{n - before} deliveries within 4 s of an open breaker")
        at.account_is(dead=0)
        answer("ack", lambda: at.account()["settled"]["count"] == 40 and n == len(stream.deliveries))
        at.everything_is_settled()
        check(stream.named("resumed"), "the client is told that it goes on")
        eventually(lambda: at.describe()["status"] != "failing", "the status after the outage")


@case("What a client declares hopeless is a dead letter at once, and what it skips is kept as discarded")
def dead_letter_and_skip(at):
    at.declare()
    at.publish("a", "a", "b", "b")
    with at.stream() as stream:
        hopeless, unwanted = stream.take(2)
        at.settle(hopeless, "dead-letter", error={"name": "NoAccount", "message": "there is no such account"})
        at.settle(unwanted, "skip", reason="a test order")
        at.settle(stream.take(3)[2])
        at.account_is(settled=1, dead=1, blocked=1, discarded=1)
        equal([offset_of(it) for it in stream.deliveries], [1, 3, 4], "what was delivered")
