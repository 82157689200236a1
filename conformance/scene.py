"""What a case has to work with: a topic and a consumer of its own, one or two servers, and the list of all cases."""

import re
import time
from urllib.parse import quote, urlencode

from wire import Broken, Patience, Refusal, Server, Stream

CASES = []


def case(promise, needs_two_instances=False):
    """Adds a function to the list of cases. Its name is the case's; `promise` is what it shows, in plain English."""

    def add(run):
        name = run.__name__.replace("_", "-")
        CASES.append({"name": name, "promise": promise, "run": run, "needs_two_instances": needs_two_instances})
        return run

    return add


def check(is_kept, what):
    if not is_kept:
        raise Broken(what)


def equal(found, wanted, what):
    check(found == wanted, f"{what}: {found!r} instead of {wanted!r}")


def eventually(found, what, seconds=None):
    """Asks again and again until `found()` is true; returns what it gave."""
    seconds = seconds or Patience.seconds
    ends_at = time.monotonic() + seconds
    while not (result := found()):
        check(time.monotonic() < ends_at, f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return result


def refused(code, ask):
    """Expects a refusal with this code, and returns its problem document."""
    try:
        answer = ask()
    except Refusal as refusal:
        equal(refusal.code, code, f"the code of the refusal ({refusal})")
        return refusal.problem
    raise Broken(f"accepted instead of refused as {code}: {answer!r}")


def offset_of(delivered):
    """The offset of a frame of a stream, or of a delivery of a pull."""
    return delivery_of(delivered)["offset"]


def key_of(delivered):
    return getattr(delivered, "data", delivered)["event"].get("partitionkey")


def delivery_of(delivered):
    return getattr(delivered, "data", delivered)["delivery"]


class Scene:
    def __init__(self, server: Server, other: "Server | None", name: str):
        self.server, self.other = server, other
        self.topic = self.consumer = name
        self.head = 0

    def declare(self, **settings):
        """A new topic, and a consumer of it from its first event on. Settings are those of a declaration."""
        self.server.ask("PUT", f"/v1/topics/{self.topic}", {})
        declaration = {"topics": [{"topic": self.topic, "start": "earliest"}], **settings}
        return self.server.ask("PUT", f"/v1/consumers/{self.consumer}", declaration)

    def publish(self, *keys):
        """One event for each key, in this order. Returns their offsets."""
        events = [{"type": "happened", "key": key, "data": {"n": n}} for n, key in enumerate(keys)]
        stored = self.server.ask("POST", f"/v1/topics/{self.topic}/events", {"events": events})["events"]
        self.head = stored[-1]["offset"]
        return [event["offset"] for event in stored]

    def stream(self, member="m1", last_event_id=None, by_query=False, at=None, **query):
        query["member"] = member
        if by_query and last_event_id:
            query["lastEventId"] = last_event_id
        headers = {"Last-Event-ID": last_event_id} if last_event_id and not by_query else {}
        return Stream(at or self.server, f"/v1/consumers/{self.consumer}/events?{urlencode(query)}", headers)

    def pull(self, at=None, **body):
        return (at or self.server).ask("POST", f"/v1/consumers/{self.consumer}/deliveries", body)

    def settle(self, delivered, outcome="ack", at=None, **more):
        """Answers one delivery, or several at once with the same outcome."""
        several = delivered if isinstance(delivered, list) else [delivered]
        return self.send([self.settlement(it, outcome, **more) for it in several], at)

    def settlement(self, delivered, outcome="ack", **more):
        place = {name: delivery_of(delivered)[name] for name in ("topic", "partition", "epoch", "offset")}
        if outcome == "retry":
            more = {"error": {"name": "HandlerFailed", "message": "the kit's handler failed"}, **more}
        return {**place, "outcome": outcome, **more}

    def send(self, settlements, at=None):
        body = {"settlements": settlements}
        return (at or self.server).ask("POST", f"/v1/consumers/{self.consumer}/settlements", body)

    def say_goodbye(self, member, at=None, **query):
        path = f"/v1/consumers/{self.consumer}/members/{quote(member, safe='')}"
        (at or self.server).ask("DELETE", f"{path}?{urlencode(query)}" if query else path)

    def state(self, key):
        """The entry of this key with its version, or None."""
        try:
            return self.server.ask("GET", f"/v1/consumers/{self.consumer}/state/{quote(key, safe='')}")
        except Refusal as refusal:
            if refusal.code == "state-entry-not-found":
                return None
            raise

    def describe(self):
        return self.server.ask("GET", f"/v1/consumers/{self.consumer}")

    def position(self):
        return self.describe()["topics"][0]["position"]

    def account(self):
        return self.server.ask("GET", f"/v1/consumers/{self.consumer}/account?topic={self.topic}")["accounts"][0]

    def account_is(self, **counts):
        """Waits until these classes of the account have these counts, and the sum of all is the head."""

        def found():
            account = self.account()
            equal(account["total"], account["head"], "the sum of the account")
            return all(account[name]["count"] == count for name, count in counts.items())

        try:
            eventually(found, "")
        except Broken:
            account = self.account()
            told = {name: it["count"] for name, it in account.items() if isinstance(it, dict) and it["count"] > 0}
            raise Broken(f"the account of {account['head']} events is {told}, not {counts}") from None

    def everything_is_settled(self):
        self.account_is(settled=self.head, retrying=0, dead=0, blocked=0, discarded=0)


def scene_name(prefix, name):
    return re.sub(r"[^a-z0-9-]", "-", f"{prefix}-{name}")[:60]
