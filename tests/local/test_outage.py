"""A simulated outage, from outside: what is sent meanwhile waits, and is numbered in the end, all of it once."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gapless.client import Client
from gapless.load import connect, send, wait_until_finished
from gapless.local.background import BackgroundStack, running_stack
from tests.checker import find_faults, scan

REQUESTS = 200
HOUR_MS = 3_600_000


def gapless(stack: BackgroundStack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command on a stack."""
    options = ("--endpoint", str(stack.folder / "stack.json"), "--output", "json")
    command = [sys.executable, "-m", "gapless", *arguments, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def outage_of(hours: int) -> Iterator[tuple[BackgroundStack, list[str]]]:
    """A stack in an outage, and the ids of requests that were sent during it."""
    with running_stack("--outage", f"{hours}h") as stack:
        client = Client(stack.target, connections=8)
        ids = list(send(client, [b"{}"] * REQUESTS, clients=8))
        assert len(ids) == REQUESTS
        yield stack, ids


def require_numbered(stack: BackgroundStack, ids: list[str]) -> None:
    """Every request is DONE in the end, with the numbers from 1 on."""
    wait_until_finished(connect(stack.target), stack.target, ids, seconds=120)
    items = scan(connect(stack.target), stack.target.requests_table)
    assert sorted(int(item["number"]["N"]) for item in items) == list(range(1, REQUESTS + 1))
    assert find_faults(stack.target) == []


def test_what_a_day_has_lost_is_numbered_by_a_sweep() -> None:
    with outage_of(25) as (stack, ids):
        assert stack.description["outageSeconds"] == 25 * 3_600
        assert gapless(stack, "sweep").returncode == 3  # it would be a function's invocation
        status = gapless(stack, "status")
        assert status.returncode == 1
        assert "Disabled by a simulated outage" in json.loads(status.stdout)["mapping"]
        ended = gapless(stack, "outage", "end")
        assert json.loads(ended.stdout) == {"lost": REQUESTS, "left": 0}, ended.stderr
        assert "outageSeconds" not in json.loads((stack.folder / "stack.json").read_text())
        items = scan(connect(stack.target), stack.target.requests_table)
        assert {item["status"]["S"] for item in items} == {"PENDING"}
        past = time.time() * 1000 - 25 * HOUR_MS
        assert all(abs(int(item["receivedAt"]["N"]) - past) < HOUR_MS / 2 for item in items)
        swept = json.loads(gapless(stack, "sweep").stdout)
        assert (swept["resent"], swept["complete"]) == (REQUESTS, True)
        require_numbered(stack, ids)
        assert gapless(stack, "outage", "end").returncode == 2  # there is none any more
        after = Client(stack.target).submit(b"{}")["requestId"]
        document = Client(stack.target).wait(after)
        assert document["number"] == REQUESTS + 1
        item = connect(stack.target).get_item(TableName=stack.target.requests_table, Key={"requestId": {"S": after}})
        assert abs(int(item["Item"]["receivedAt"]["N"]) - time.time() * 1000) < HOUR_MS / 2  # the clock is right again


@pytest.mark.everything
def test_what_the_mapping_finds_too_old_wakes_the_sweeper() -> None:
    with outage_of(23) as (stack, ids):
        ended = gapless(stack, "outage", "end")
        assert json.loads(ended.stdout) == {"lost": 0, "left": REQUESTS}, ended.stderr
        require_numbered(stack, ids)  # nobody has swept but the stack itself
        assert "given up on (RecordAgeExceeded)" in stack.log
        assert "a batch was given up" in (Path(stack.description["logs"]) / "sweeper.log").read_text()


def test_what_is_young_enough_is_only_late() -> None:
    with outage_of(5) as (stack, ids):
        ended = gapless(stack, "outage", "end")
        assert json.loads(ended.stdout) == {"lost": 0, "left": REQUESTS}, ended.stderr
        require_numbered(stack, ids)
        items = scan(connect(stack.target), stack.target.requests_table)
        assert not any("resends" in item for item in items)
        assert "given up on" not in stack.log


@pytest.mark.parametrize("duration", ["25", "h", "0h", "-1h", "1w", "1.5h", "10000d"])
def test_a_duration_that_is_none_is_refused(duration: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gapless", "up", "--data", str(tmp_path), "--outage", duration]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert "is not a duration like" in refused.stderr
