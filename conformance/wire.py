"""The wire as any client sees it: JSON over HTTP, and server-sent events. The standard library is all it takes."""

import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit


class Patience:
    """How long the kit waits for what a server promises at once."""

    seconds = 20


class Broken(Exception):
    """A promise that was not kept, in words."""


class Refusal(Exception):
    """An answer other than 2xx: a problem document of RFC 9457."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')} {problem.get('errors', '')}".strip())
        self.status, self.problem, self.code = status, problem, problem.get("code")


class Server:
    """One address of the server. Each request has a connection of its own, so threads share nothing."""

    def __init__(self, url, key):
        parts = urlsplit(url if "//" in url else f"http://{url}")
        self.address = (url, key)
        self._connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, method, path, body=None, headers=None):
        """Returns the JSON of an answer, None of an empty one; raises Refusal."""
        connection, answer = self.open(method, path, body, headers)
        try:
            return read_answer(answer)
        finally:
            connection.close()

    def open(self, method, path, body=None, headers=None, timeout=90):
        connection = self._connection(self._host, self._port, timeout=timeout)
        connection.request(method, path, None if body is None else json.dumps(body), {**self._headers, **(headers or {})})
        # The answer takes the socket along; whoever is to cut the connection needs it before that.
        connection.raw = connection.sock
        return connection, connection.getresponse()


def read_answer(answer):
    text = answer.read().decode()
    if 200 <= answer.status < 300:
        return json.loads(text) if text else None
    try:
        problem = json.loads(text)
    except ValueError:
        problem = {"detail": text[:200]}
    raise Refusal(answer.status, problem)


class Frame:
    """One server-sent event: its id or None, its name, and its data."""

    def __init__(self, id, name, data):
        self.id, self.name, self.data = id, name, data

    @property
    def is_delivery(self):
        return self.name == "message"


def read_frames(lines):
    """Server-sent events out of the lines of an answer. Comments, which keep the connection alive, are passed over."""
    id, name, data = None, "message", []
    for line in lines:
        field, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "id":
            id = value
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif line.strip() == b"":
            if data:
                yield Frame(id, name, json.loads("\n".join(data)))
            id, name, data = None, "message", []


class Stream:
    """One connection of a stream. A thread reads it; `frames` holds what came, in its order."""

    def __init__(self, server, path, headers=None):
        self.frames, self.last_id, self.is_over = [], None, False
        self._news = threading.Condition()
        self._connection, self._answer = server.open("GET", path, None, {"Accept": "text/event-stream", **(headers or {})})
        if self._answer.status != 200:
            try:
                read_answer(self._answer)
            finally:
                self._connection.close()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            for frame in read_frames(self._answer):
                with self._news:
                    self.frames.append(frame)
                    self.last_id = frame.id or self.last_id
                    self._news.notify_all()
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # cut, by either side
        finally:
            with self._news:
                self.is_over = True
                self._news.notify_all()

    @property
    def deliveries(self):
        return [frame for frame in self.frames if frame.is_delivery]

    def named(self, name):
        return [frame.data for frame in self.frames if frame.name == name]

    def until(self, found, what, seconds=None):
        """Waits until `found()` is true and returns what it gave."""
        seconds = seconds or Patience.seconds
        ends_at = time.monotonic() + seconds
        with self._news:
            while not (result := found()):
                if self.is_over or time.monotonic() > ends_at:
                    why = "the stream ended" if self.is_over else f"{seconds} s have passed"
                    raise Broken(f"waited for {what}: {why}; frames so far: {describe(self.frames)}")
                self._news.wait(0.1)
            return result

    def take(self, count, seconds=None):
        """The first deliveries of this connection, `count` of them."""
        return self.until(lambda: len(self.deliveries) >= count and self.deliveries[:count], f"{count} deliveries", seconds)

    def await_end(self, seconds=None):
        seconds = seconds or Patience.seconds
        self._reader.join(seconds)
        if not self.is_over:
            raise Broken(f"the server did not end the stream within {seconds} s")

    def cut(self):
        """Breaks the connection without a word, as a network does."""
        try:
            self._connection.raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # ended already
        self._reader.join(5)
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()


def describe(frames):
    """The last frames in short, for whoever reads a failure."""
    told = [
        "{topic}/{offset} attempt {attempt}".format(**frame.data["delivery"])
        if frame.is_delivery and "delivery" in frame.data
        else f"{frame.name} {json.dumps(frame.data)[:80]}"
        for frame in frames[-8:]
    ]
    return "; ".join(told) or "none"
