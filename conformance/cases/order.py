"""Order: nothing of a key overtakes, whatever fails, and whatever the client does not know."""

from scene import case, check, delivery_of, equal, key_of, offset_of


@case("Ten keys, one poisoned: no later event of it reaches the client before it is cured, and no other key waits")
def poisoned_key(at):
    at.declare(retry={"maxAttempts": 2, "backoff": {"delaysMs": [100]}})
    at.publish(*[f"k{n % 10}" for n in range(50)])
    given, settled = [], 0
    with at.stream() as stream:
        # 45 healthy events, and the poisoned one twice.
        for n in range(47):
            delivered = stream.take(n + 1)[n]
            given.append(offset_of(delivered))
            if key_of(delivered) == "k7":
                at.settle(delivered, "retry", attempt=delivery_of(delivered)["attempt"])
            else:
                settled += at.settle(delivered)["settled"]
        at.account_is(settled=45, dead=1, blocked=4, retrying=0)
        equal(settled, 45, "settlements that counted")
        equal([it for it in given if it % 10 == 8], [8, 8], "events of the poisoned key that reached the client")
        body = {"filter": {"topic": at.topic, "key": "k7"}, "reason": "the key is cured"}
        at.server.ask("POST", f"/v1/consumers/{at.consumer}/redrives", body)
        for n in range(47, 52):
            at.settle(stream.take(n + 1)[n])
        equal([offset_of(it) for it in stream.deliveries[47:]], [8, 18, 28, 38, 48], "the cured key, in its order")
        at.everything_is_settled()


@case("Of one key at most one event is with the client, and the next comes when it is settled")
def one_at_a_time(at):
    at.declare()
    at.publish("a", "a", "b", "a", "b")
    with at.stream() as stream:
        first = stream.take(2)
        equal([offset_of(it) for it in first], [1, 3], "the first event of each key")
        at.settle(first[1])
        equal(offset_of(stream.take(3)[2]), 5, "the next of the key that was settled")
        at.settle(first[0])
        equal(offset_of(stream.take(4)[3]), 2, "the next of the other key")
        at.settle(stream.deliveries[2:])
        at.settle(stream.take(5)[4])
        at.everything_is_settled()


@case("An event that fails once comes again before the rest of its key, as the next attempt")
def retried_in_order(at):
    at.declare(retry={"maxAttempts": 3, "backoff": {"delaysMs": [200]}})
    at.publish("a", "a", "b", "a")
    handled = []
    with at.stream() as stream:
        for n in range(5):
            delivered = stream.take(n + 1)[n]
            place = (offset_of(delivered), delivery_of(delivered)["attempt"])
            handled.append(place)
            at.settle(delivered, "retry" if place == (1, 1) else "ack")
        at.everything_is_settled()
    equal([it for it in handled if it[0] != 3], [(1, 1), (1, 2), (2, 1), (4, 1)], "offset and attempt of the failed key")
    check((3, 1) in handled, "the other key was handled")


@case("Where the order is the topic's, nothing passes a failing event")
def order_of_the_topic(at):
    at.declare(ordering="topic", retry={"maxAttempts": 3, "backoff": {"delaysMs": [200]}})
    at.publish("a", "b", "c")
    with at.stream() as stream:
        handled = []
        for n in range(4):
            delivered = stream.take(n + 1)[n]
            handled.append((offset_of(delivered), delivery_of(delivered)["attempt"]))
            at.settle(delivered, "retry" if handled[-1] == (1, 1) else "ack")
        at.everything_is_settled()
    equal(handled, [(1, 1), (1, 2), (2, 1), (3, 1)], "offset and attempt")
