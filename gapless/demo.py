"""`make demo`: the local stack at its main job, from nothing to a table of numbered requests."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gapless.client import FINISHED, Client
from gapless.load import TooSlow, connect, count_numbered, send, wait_until_numbered
from gapless.local.background import running_stack
from gapless.target import Target

BODIES = Path("events/requests")
COUNTER = "requests"
LOAD = 300
CLIENTS = 8
SECONDS = 60.0


@dataclass
class Shown:
    """One request of the table."""

    name: str
    body: bytes
    document: dict[str, Any]

    @property
    def finished(self) -> bool:
        """Whether it is DONE or FAILED."""
        return self.document["status"] in FINISHED


def run_demo(console: Console) -> list[dict[str, Any]]:
    """Submit every body in events/requests and some load, show how they are numbered, return their documents.

    Raises NotReachable when the stack does not start, TooSlow when something is not numbered in a minute.
    """
    began = time.monotonic()
    console.print("Starting template.yaml on this machine: API, DynamoDB, stream and processor ...")
    with running_stack() as stack:
        console.print(f"Ready after {time.monotonic() - began:.1f} s: PUT {stack.target.api}/requests")
        shown = number_requests(console, stack.target)
    console.print(f"\nEverything is stopped again. The whole took {time.monotonic() - began:.1f} s.")
    return [one.document for one in shown]


def number_requests(console: Console, target: Target) -> list[Shown]:
    """Send everything while the table shows where it stands, until all of it is finished. Raises TooSlow."""
    client, dynamodb = Client(target, connections=CLIENTS + 1), connect(target)
    load = [b'{"load": %d}' % number for number in range(LOAD)]
    deadline = time.monotonic() + SECONDS
    with Live(console=console, auto_refresh=False) as live, ThreadPoolExecutor(1) as background:
        shown = [submit(client, path) for path in sorted(BODIES.glob("*.json"))]
        live.update(draw(shown, 0), refresh=True)
        sending = background.submit(lambda: list(send(client, load, clients=CLIENTS)))
        while not (all(one.finished for one in shown) and sending.done()):
            if time.monotonic() > deadline:
                raise TooSlow(f"not everything is numbered after {SECONDS:g} s")
            for one in shown:
                if not one.finished:
                    one.document = client.get(one.document["requestId"])
            live.update(draw(shown, count_numbered(dynamodb, target, COUNTER)), refresh=True)
            time.sleep(0.05)
        expected = len(sending.result()) + sum(one.document["status"] == "DONE" for one in shown)

        def show(numbered: int) -> None:
            live.update(draw(shown, numbered), refresh=True)

        wait_until_numbered(dynamodb, target, COUNTER, expected, seconds=SECONDS, progress=show)
    for one in shown:
        if one.document["request"].encode() != one.body:
            raise RuntimeError(f"{one.name} came back changed: a bug in a mapping template")
    return shown


def submit(client: Client, path: Path) -> Shown:
    """Send one file as it is."""
    body = path.read_bytes()
    return Shown(path.name, body, client.submit(body))


def draw(shown: list[Shown], numbered: int) -> Table:
    """The requests as a table."""
    caption = f"The counter `{COUNTER}` has handed out {numbered} numbers; {LOAD} requests are load."
    table = Table(caption=caption, caption_justify="left")
    for column in ("body", "status", "number", "result or error"):
        table.add_column(column, overflow="fold", justify="right" if column == "number" else "left")
    colours = {"PENDING": "yellow", "DONE": "green", "FAILED": "red"}
    for one in shown:
        document = one.document
        status = document["status"]
        outcome = document["error"]["message"] if "error" in document else json.dumps(document.get("result", ""))
        number = str(document.get("number", ""))
        table.add_row(one.name, f"[{colours[status]}]{status}[/]", number, "" if outcome == '""' else outcome)
    return table
