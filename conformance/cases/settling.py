"""Settlements and the state they carry: all of a request counts, or none of it."""

from scene import case, delivery_of, equal, offset_of, refused


@case("State is committed with the settlement that carries it, once, digit for digit")
def state(at):
    at.declare()
    at.publish("a", "b")
    big = 12345678901234567890123
    with at.stream() as stream:
        first, second = stream.take(2)
        at.settle(first, state={"set": {"seen/a": {"n": big}}, "increment": {"count": 2}})
        at.settle(first, state={"set": {"seen/a": {"n": big}}, "increment": {"count": 2}})
        equal(at.state("seen/a")["value"], {"n": big}, "the entry")
        equal(at.state("count")["value"], 2, "a counter whose settlement was sent twice")
        at.settle(second, state={"delete": ["seen/a"], "increment": {"count": 0.5}})
        equal((at.state("seen/a"), at.state("count")["value"]), (None, 2.5), "a deleted entry and the counter")
        at.everything_is_settled()


@case("A write that expects another version than there is refuses its request whole, and says what there is")
def state_conflict(at):
    at.declare()
    at.publish("a", "b", "c")
    with at.stream() as stream:
        first, second, third = stream.take(3)
        at.settle(first, state={"set": {"stock": 10}, "expect": {"stock": 0}})
        version = at.state("stock")["version"]
        settlements = [
            at.settlement(second, state={"set": {"neighbour": 1}}),
            at.settlement(third, state={"set": {"stock": 9}, "expect": {"stock": 0}}),
        ]
        problem = refused("state-conflict", lambda: at.send(settlements))
        conflict = {name: problem["conflicts"][0].get(name) for name in ("entry", "expected", "actual")}
        equal(conflict, {"entry": "stock", "expected": 0, "actual": version}, "the conflict")
        equal((at.position(), at.state("neighbour"), at.state("stock")["value"]), (1, None, 10), "what counted")
        settlements[1]["state"]["expect"]["stock"] = version
        equal(at.send(settlements), {"settled": 2}, "the answer with the version there is")
        equal(at.state("stock"), {**at.state("stock"), "value": 9, "version": version + 1}, "the entry")
        at.everything_is_settled()


@case("An event that was not delivered cannot be settled, at whatever instance; its request is refused whole")
def not_delivered(at):
    at.declare(maxInFlight=1)
    at.publish("a", "b", "c", "d")
    with at.stream() as stream:
        first = stream.take(1)[0]
        ahead = {**at.settlement(first), "offset": 4}
        for server in filter(None, (at.server, at.other)):
            problem = refused("not-delivered", lambda: at.send([at.settlement(first), ahead], server))
            equal([it["offset"] for it in problem["undelivered"]], [4], "what was not delivered")
        equal(at.position(), 0, "the position after refused requests")
        for n in range(4):
            equal(offset_of(stream.take(n + 1)[n]), n + 1, "the next event")
            at.settle(stream.deliveries[n])
        at.everything_is_settled()


@case("A settlement arrives anywhere and may be repeated; its answer is the same", True)
def settled_elsewhere(at):
    at.declare()
    at.publish("a", "a", "b")
    with at.stream() as stream:
        first, other = stream.take(2)
        for _ in range(3):
            equal(at.settle(first, at=at.other), {"settled": 1}, "the answer of the other instance")
        follower = stream.take(3)[2]
        equal(offset_of(follower), 2, "the next of the key that was settled elsewhere")
        wrong = {**at.settlement(follower), "epoch": delivery_of(follower)["epoch"] + 1}
        for server in (at.server, at.other):
            refused("stale-epoch", lambda: at.send([{**wrong, "epoch": 0}], server))
        at.settle([other, follower], at=at.other)
        at.everything_is_settled()


@case("A settlement that names what does not exist is refused with the name of the field")
def malformed(at):
    at.declare()
    at.publish("a")
    with at.stream() as stream:
        right = at.settlement(stream.take(1)[0])
        for fault, field in (
            ({"outcome": "done"}, "settlements[0].outcome"),
            ({"outcome": "skip"}, "settlements[0].reason"),
            ({"upTo": True}, "settlements[0].upTo"),
        ):
            problem = refused("invalid-input", lambda: at.send([{**right, **fault}]))
            equal([it["field"] for it in problem["errors"]], [field], "the field at fault")
        at.send([right])
        at.everything_is_settled()
