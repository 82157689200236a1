"""Taking events: by stream, by pull, by both at once."""

import threading
import time

from scene import case, check, delivery_of, equal, key_of, offset_of, refused
from wire import Patience


@case("A plain client of the stream is given every event once, in order, and is told when it has them all")
def stream(at):
    at.declare()
    at.publish(*[f"k{n}" for n in range(30)])
    with at.stream() as stream:
        deliveries = stream.take(30)
        session = stream.frames[0]
        equal((session.name, session.data["member"], session.data["resumed"]), ("session", "m1", False), "the first frame")
        equal(stream.named("assignment")[0]["partitions"], [{"partition": 0, "epoch": 1}], "the assignment")
        equal([offset_of(it) for it in deliveries], list(range(1, 31)), "the offsets")
        equal([it.id for it in deliveries], [f"{session.data['session']}.{n}" for n in range(1, 31)], "the ids")
        check(all(delivery_of(it)["attempt"] == 1 and not delivery_of(it)["replay"] for it in deliveries), "a first attempt")
        at.settle(deliveries)
        at.everything_is_settled()
        stream.until(lambda: stream.named("caught-up"), "caught-up")
        equal(stream.named("caught-up")[-1]["topics"], [{"topic": at.topic, "offset": 30}], "caught up at")
        at.publish("live")
        at.settle(stream.take(31)[-1])
        at.everything_is_settled()


@case("A client that pulls is given every event once, and waits for the next as long as it asked to")
def pull(at):
    at.declare()
    at.publish(*[f"k{n}" for n in range(10)])
    first = at.pull(member="cron", max=4)
    equal((first["member"], len(first["deliveries"])), ("cron", 4), "member and deliveries of the first pull")
    second = at.pull(session=first["session"], max=100)
    equal([offset_of(it) for it in second["deliveries"]], [5, 6, 7, 8, 9, 10], "the rest, in the same session")
    at.settle(first["deliveries"] + second["deliveries"])
    threading.Timer(1, lambda: at.publish("late")).start()
    asked_at = time.monotonic()
    third = at.pull(session=first["session"], waitMs=20_000)["deliveries"]
    check(0.5 < time.monotonic() - asked_at < 10, "a pull that waits is answered when there is something")
    equal([offset_of(it) for it in third], [11], "what came meanwhile")
    at.settle(third)
    at.everything_is_settled()
    equal(at.pull(session=first["session"])["deliveries"], [], "a pull where nothing is left")


@case("An answer of a pull that was lost is given again; a session that is over says so")
def pull_again(at):
    at.declare()
    at.publish("a", "b", "c")
    first = at.pull(member="cron")
    session, seen = first["session"], first["deliveries"][0]
    again = at.pull(session=session, lastEventId=seen["id"])["deliveries"]
    equal([it["id"] for it in again], [f"{session}.2", f"{session}.3"], "what came after the last one seen")
    check(all(delivery_of(it)["redelivered"] for it in again), "what comes again says redelivered")
    at.settle([seen, *again])
    at.everything_is_settled()
    at.say_goodbye("cron", session=session)
    refused("session-ended", lambda: at.pull(session=session))
    equal(at.pull(member="cron")["deliveries"], [], "a pull that begins anew")


@case("A stream and a pull share a consumer: every event goes to one of them, and no key goes to both")
def stream_and_pull(at):
    at.declare(partitions=4)
    with at.stream("m1") as stream:
        stream.until(lambda: stream.named("assignment"), "the assignment")
        session = at.pull(member="cron")["session"]
        revoked = stream.until(lambda: stream.named("revoked"), "the newcomer's share to be revoked")
        equal(len(revoked[0]["partitions"]), 2, "partitions revoked, of four")
        at.publish(*[f"k{n % 20}" for n in range(60)])
        seen, handled, ends_at = 0, [], time.monotonic() + Patience.seconds
        while len(handled) < 60:
            check(time.monotonic() < ends_at, f"only {len(handled)} of 60 events were delivered")
            pulled = at.pull(session=session, waitMs=200)["deliveries"]
            streamed, seen = stream.deliveries[seen:], len(stream.deliveries)
            for member, fresh in (("cron", pulled), ("m1", streamed)):
                handled += [(key_of(it), offset_of(it), member) for it in fresh]
                if fresh:
                    at.settle(fresh)
        at.everything_is_settled()
    equal(len({offset for _, offset, _ in handled}), 60, "events handled")
    owners = {(key, member) for key, _, member in handled}
    equal(len(owners), len({key for key, _ in owners}), "members for each key")
    equal(len({member for _, member in owners}), 2, "members that had something to do")
