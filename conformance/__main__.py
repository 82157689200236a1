"""Runs the cases against a server: python3 conformance --url http://127.0.0.1:3000 --key KEY [--url2 URL]."""

import argparse
import json
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from cases import delivering, failing, order, sessions, settling, topics  # noqa: F401  (they add themselves)
from scene import CASES, Scene, scene_name
from wire import Broken, Patience, Refusal, Server


def main():
    options = read_options()
    Patience.seconds = options.patience
    chosen = [it for it in CASES if not options.only or any(word in it["name"] for word in options.only)]
    if options.list:
        for it in chosen:
            print(f"{it['name']:<24} {it['promise']}")
        return 0
    if not chosen:
        sys.exit("There is no such case; --list names them.")
    if not (options.url and options.key):
        sys.exit("Name the server with --url and an API key that may do everything with --key.")
    server = Server(options.url, options.key)
    other = Server(options.url2, options.key) if options.url2 else None
    prefix = f"kit-{os.getpid():x}-{int(time.time()):x}"

    def run(it):
        verdict = verdict_on(it, server, other, prefix)
        if not options.json:
            print(line_of(verdict), flush=True)
        return verdict

    with ThreadPoolExecutor(options.parallel) as pool:
        verdicts = list(pool.map(run, chosen))
    counts = {word: sum(it["outcome"] == word for it in verdicts) for word in ("kept", "broken", "left out")}
    if options.json:
        print(json.dumps({**counts, "cases": verdicts}, indent=2))
    else:
        print(f"\n{counts['kept']} kept, {counts['broken']} broken, {counts['left out']} left out")
    return 1 if counts["broken"] else 0


def read_options():
    parser = argparse.ArgumentParser(prog="conformance", description="Does a server keep what it promises its members?")
    parser.add_argument("--url", help="of the server, such as http://127.0.0.1:3000")
    parser.add_argument("--key", help="an API key that may do everything")
    parser.add_argument("--url2", help="of another instance on the same database")
    parser.add_argument("--only", action="append", help="runs the cases whose name holds this word; may be repeated")
    parser.add_argument("--list", action="store_true", help="names the cases and their promises")
    parser.add_argument("--json", action="store_true", help="prints the verdict as JSON and nothing else")
    parser.add_argument("--parallel", type=int, default=8, help="how many cases run side by side; default 8")
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait for what is promised; default 20")
    return parser.parse_args()


def verdict_on(it, server, other, prefix):
    started_at = time.monotonic()
    verdict = {"name": it["name"], "promise": it["promise"], "outcome": "kept"}
    if it["needs_two_instances"] and other is None:
        return {**verdict, "outcome": "left out", "why": "needs --url2", "seconds": 0}
    try:
        it["run"](Scene(server, other, scene_name(prefix, it["name"])))
    except (Broken, Refusal) as failure:
        verdict.update(outcome="broken", why=str(failure), at=place_of(failure))
    except Exception as failure:  # a fault of the kit, or a connection that failed: told, and the others go on
        verdict.update(outcome="broken", why="".join(traceback.format_exception(failure)), at=place_of(failure))
    return {**verdict, "seconds": round(time.monotonic() - started_at, 1)}


def place_of(failure):
    """The line of the case that did not get what it wanted."""
    lines = [it for it in traceback.extract_tb(failure.__traceback__) if f"{os.sep}cases{os.sep}" in it.filename]
    return f"cases/{os.path.basename(lines[-1].filename)}:{lines[-1].lineno}" if lines else None


def line_of(it):
    line = f"{it['outcome']:<8}  {it['name']:<24} {it['promise']} ({it['seconds']} s)"
    if it["outcome"] == "broken":
        return f"{line}\n          at {it['at']}: {it['why']}"
    return f"{line}: {it['why']}" if "why" in it else line


sys.exit(main())
