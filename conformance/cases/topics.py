"""What is stored, and where a reader may begin: an event's name, and places beyond the end."""

from scene import case, check, equal, refused
from wire import Refusal, Stream

STRUCTURED = {"Content-Type": "application/cloudevents+json"}


def cloud_event(**attributes):
    return {"specversion": "1.0", "type": "happened", "datacontenttype": "application/json", **attributes}


@case("An event's name is its source and its id: the same id from another source is another event")
def ids_of_two_sources(at):
    at.declare()
    publish = lambda event: at.server.ask("POST", f"/v1/topics/{at.topic}/events", event, STRUCTURED)["events"][0]
    orders = cloud_event(id="1", source="/orders", data={"n": 1})
    billing = cloud_event(id="1", source="/billing", data={"n": 2})
    stored = [publish(it) for it in (orders, billing, orders)]
    equal([(it["offset"], it["duplicate"]) for it in stored], [(1, False), (2, False), (1, True)], "offset, duplicate")
    with at.stream() as stream:
        told = [it.data["event"] for it in stream.take(2)]
        equal([(it["source"], it["id"]) for it in told], [("/orders", "1"), ("/billing", "1")], "source and id")


@case("Another event under a used name is refused with the place of the first, and nothing of the request is stored")
def id_reused(at):
    at.declare()
    path = f"/v1/topics/{at.topic}/events"
    at.server.ask("POST", path, {"type": "happened", "id": "x", "data": "A"})
    request = {"events": [{"type": "happened", "id": "y"}, {"type": "happened", "id": "x", "data": "B"}]}
    equal(refused("id-reused", lambda: at.server.ask("POST", path, request))["offset"], 1, "the place of the first")
    equal(at.describe()["topics"][0]["head"], 1, "the head")


@case("Whoever asks for a place beyond the end is told where the topic ends, and then what is published")
def beyond_the_end(at):
    at.declare()
    at.publish("a", "b")
    path = f"/v1/topics/{at.topic}/events"
    for n, (query, headers) in enumerate((("", {"Last-Event-ID": "402"}), ("?after=402", {}))):
        with Stream(at.server, path + query, headers) as follower:
            follower.until(lambda: follower.named("ahead"), "ahead")
            equal(follower.named("ahead"), [{"requested": 402, "head": 2 + n}], "what is told")
            at.publish("live")
            event = follower.take(1)[0]
            equal(event.id, str(3 + n), "the id of what is published then")


@case("A consumer cannot begin beyond the end of its topic: the refusal names the field and the head")
def start_beyond_the_end(at):
    at.declare()
    at.publish("a", "b")
    declaration = {"topics": [{"topic": at.topic, "start": {"offset": 402}}]}
    other = f"{at.consumer}-2"
    problem = refused("invalid-input", lambda: at.server.ask("PUT", f"/v1/consumers/{other}", declaration))
    equal([it["field"] for it in problem["errors"]], ["topics[0].start.offset"], "the field at fault")
    check("2" in problem["errors"][0]["message"], f"the head is named: {problem['errors'][0]['message']}")
    try:
        at.server.ask("GET", f"/v1/consumers/{other}")
    except Refusal as refusal:
        equal(refusal.code, "consumer-not-found", "what became of the declaration")
