"""`make demo`: the local stack at its main job, from nothing to a table of numbered requests."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gapless.client import FINISHED, Client
from gapless.load import connect, count_numbered, send
from gapless.local.background import running_stack
from gapless.target import NotReachable, Target

BODIES = Path("events/requests")
LOAD = 300
CLIENTS = 8
SECONDS = 60.0


@dataclass
class Shown:
    """One request of the table."""

    name: str
    body: bytes
    document: dict[str, Any]


def run_demo(console: Console) -> list[dict[str, Any]]:
    """Submit every body in events/requests and some load, show how they are numbered, return their documents.

    Raises NotReachable when the stack does not start, or something is not numbered in a minute.
    """
    began = time.monotonic()
    console.print("Starting template.yaml on this machine: API, DynamoDB, stream and processor ...")
    with running_stack() as stack:
        target = stack.target
        console.print(f"Ready after {time.monotonic() - began:.1f} s: PUT {target.api}/requests")
        client = Client(target, connections=CLIENTS)
        shown = [submit(client, path) for path in sorted(BODIES.glob("*.json"))]
        load = [b'{"load": %d}' % number for number in range(LOAD)]
        sent = time.monotonic()
        ids = list(send(client, load, clients=CLIENTS))
        console.print(f"{len(ids)} more requests accepted in {time.monotonic() - sent:.2f} s by {CLIENTS} clients")
        follow(console, client, target, shown, len(ids))
        documents = [one.document for one in shown]
    console.print(f"\nEverything is stopped again. The whole took {time.monotonic() - began:.1f} s.")
    return documents


def submit(client: Client, path: Path) -> Shown:
    """Send one file as it is."""
    body = path.read_bytes()
    return Shown(path.name, body, client.submit(body))


def follow(console: Console, client: Client, target: Target, shown: list[Shown], load: int) -> None:
    """Show PENDING turn into numbers until everything is finished. Raises NotReachable after a minute."""
    dynamodb = connect(target)
    deadline = time.monotonic() + SECONDS
    with Live(console=console, auto_refresh=False) as live:
        while True:
            for one in shown:
                if one.document["status"] not in FINISHED:
                    one.document = client.get(one.document["requestId"])
            numbered = count_numbered(dynamodb, target, "requests")
            live.update(draw(shown, numbered, load), refresh=True)
            accepted = sum(one.document["status"] == "DONE" for one in shown)
            if all(one.document["status"] in FINISHED for one in shown) and numbered == accepted + load:
                break
            if time.monotonic() > deadline:
                raise NotReachable(f"only {numbered} requests are numbered after {SECONDS:g} s")
            time.sleep(0.05)
    for one in shown:
        if one.document["request"].encode() != one.body:
            raise NotReachable(f"{one.name} came back changed")


def draw(shown: list[Shown], numbered: int, load: int) -> Table:
    """The requests as a table."""
    caption = f"The counter `requests` has handed out {numbered} numbers; {load} requests are load."
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
