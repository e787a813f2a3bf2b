"""Function processes die by kill -9 under load, through the whole local stack, and no number is lost or given twice."""

import json
import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from gapless.client import Client
from gapless.control import NotDone, ask
from gapless.load import connect, wait_until_numbered
from gapless.local.background import BackgroundStack, running_stack
from gapless.sweep import SweepFailed, run_sweeper
from gapless.target import NotReachable
from tests.checker import find_faults
from tests.waiting import wait_until

BODY = b'{"lines": [{"sku": "a", "quantity": 1, "unitPrice": 1}]}'
CLIENTS = 8


def function_processes(stack: BackgroundStack) -> list[int]:
    """The live processes of the functions."""
    found = []
    for process in psutil.Process(stack.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "awslambdaric" in process.cmdline():
                found.append(process.pid)
    return found


def kill_under_load(
    stack: BackgroundStack,
    seeded: random.Random,
    *,
    kills: int,
    requests: int,
    disturb: Callable[[int], object] = lambda kill: None,
) -> list[str]:
    """Send the requests and kill a process somewhere in each share of them; the ids that were accepted.

    disturb: what else is done to the stack, before each kill.
    """
    client, dynamodb = Client(stack.target), connect(stack.target)
    share = requests // kills
    accepted: list[Future[dict[str, Any]]] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        for kill in range(kills):
            accepted += [pool.submit(client.submit, BODY) for _ in range(share)]
            disturb(kill)
            # Somewhere in the share, wherever the processes are by then.
            wait_until_numbered(dynamodb, stack.target, "requests", kill * share + seeded.randrange(1, share))
            with suppress(ProcessLookupError):
                victims = wait_until("a live function", lambda: function_processes(stack))
                os.kill(seeded.choice(victims), signal.SIGKILL)
    wait_until_numbered(dynamodb, stack.target, "requests", kills * share)
    return [one.result()["requestId"] for one in accepted]


def test_twenty_kills_under_load(seeded: random.Random) -> None:
    with running_stack("--processes", "2") as stack:
        ids = kill_under_load(stack, seeded, kills=20, requests=1000)
        wait_until("every stamp written", lambda: find_faults(stack.target) == [])
        assert len(set(ids)) == 1000


@pytest.mark.everything
def test_two_hundred_kills_while_shards_split_and_merge_and_sweepers_run(seeded: random.Random, tmp_path: Path) -> None:
    """A sweeper that sends again what has waited for a second only, so that much is announced twice."""
    with running_stack("--shards", "4", "--processes", "3") as stack, ThreadPoolExecutor(1) as pool:
        description = tmp_path / "stack.json"
        description.write_text(json.dumps(stack.description))
        counts = {"split": 0, "merged": 0, "swept": 0}

        def sweep() -> None:
            with suppress(SweepFailed, NotReachable):  # it is killed as well
                run_sweeper(stack.target, 1)
                counts["swept"] += 1

        def disturb(kill: int) -> None:
            if kill % 10 == 5:
                counts[reshard(description, seeded)] += 1
            if kill % 4 == 0:
                pool.submit(sweep)

        ids = kill_under_load(stack, seeded, kills=200, requests=10_000, disturb=disturb)
        wait_until("every stamp written", lambda: find_faults(stack.target) == [], 120)
        assert len(set(ids)) == 10_000
    assert all(count > 3 for count in counts.values()), counts


def reshard(description: Path, seeded: random.Random) -> str:
    """Split an open shard, or merge two neighbours; what was done."""
    shards = [one for one in ask(description, "GET", "/shards")["shards"] if one["status"] == "OPEN"]
    pairs = [(one["shardId"], other["shardId"]) for one in shards for other in shards if one is not other]
    if len(shards) > 4:
        for pair in seeded.sample(pairs, len(pairs)):
            with suppress(NotDone):  # these two do not adjoin
                ask(description, "POST", "/shards/merge", {"shards": list(pair)})
                return "merged"
    ask(description, "POST", f"/shards/{seeded.choice(shards)['shardId']}/split")
    return "split"
