"""A member in a process of its own, to be killed: prints every delivery as a line of JSON, and settles nothing."""

import json
import sys

from wire import Server, read_frames

url, key, consumer = sys.argv[1:]
_, answer = Server(url, key).open("GET", f"/v1/consumers/{consumer}/events?member=doomed")
for frame in read_frames(answer):
    if frame.is_delivery:
        print(json.dumps({"id": frame.id, **frame.data}), flush=True)
