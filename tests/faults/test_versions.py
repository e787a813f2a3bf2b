"""Two versions of the processor number the same shards in turn, as they do while an alias moves from one to the other.

shard A  ── batch ── batch ── batch ── batch ──▶      each reads the entries and the window's state of the other,
             N        N-1       N       N-1           and finishes what the other died in the middle of
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gapless.client import Client
from gapless.load import connect, wait_until_numbered
from gapless.local.background import BackgroundStack, start_stack
from gapless.sweep import run_sweeper
from tests.checker import find_faults, scan
from tests.faults.versions import VERSIONS, NoHistory, write_previous, write_stack
from tests.local.stack_files import replace_in
from tests.waiting import wait_until

pytestmark = pytest.mark.everything

BODY = b'{"lines": [{"sku": "a", "quantity": 1, "unitPrice": 1}]}'
REQUESTS = 500
# Batches small enough for many turns.
OPTIONS = ("--shards", "2", "--processes", "4", "--parameter", "BatchSize=10")


@contextmanager
def versions_in_turn(code: Path, kill_one_in: int) -> Iterator[BackgroundStack]:
    """A stack whose processes are of this version and the previous one in turn, and die at one of so many calls."""
    template = code.parents[1] / "template.yaml"
    stack = start_stack(
        code.parents[2] / "data", "--template", str(template), *OPTIONS, "--parameter", f"KillOneIn={kill_one_in}"
    )
    try:
        yield stack
    finally:
        stack.stop()


def number(stack: BackgroundStack, code: Path, requests: int) -> None:
    """Send requests, have both versions sweep while they are numbered, and wait until everything is written."""
    client, dynamodb = Client(stack.target), connect(stack.target)
    with ThreadPoolExecutor(4) as pool:
        accepted = list(pool.map(client.submit, [BODY] * requests))
    for turn in range(len(VERSIONS)):
        (code / f"turn_{turn}.py").touch()  # code that has changed runs in new processes: it is the other's turn
        run_sweeper(stack.target, 1)
    wait_until_numbered(dynamodb, stack.target, "requests", requests)
    wait_until("every stamp written", lambda: find_faults(stack.target) == [])
    items = scan(dynamodb, stack.target.requests_table)
    assert sorted(int(one["number"]["N"]) for one in items) == list(range(1, requests + 1))
    assert {one["requestId"]["S"] for one in items} == {one["requestId"] for one in accepted}
    assert {one["status"]["S"] for one in items} == {"DONE"}


def errors(stack: BackgroundStack) -> list[str]:
    """What the functions have complained of. To be killed is no complaint: whoever is, says nothing."""
    return [line for line in stack.log.splitlines() if '"level":"ERROR"' in line]


def test_versions_take_turns_and_no_number_is_lost_or_given_twice(tmp_path: Path) -> None:
    code = write_stack(tmp_path / "stack")
    try:
        write_previous(code / "previous")
    except NoHistory as reason:
        pytest.skip(str(reason))
    with versions_in_turn(code, kill_one_in=40) as stack:
        number(stack, code, REQUESTS)
        assert errors(stack) == []
        for handler, least in (("app", 20), ("sweeper", 1)):
            counts = [stack.log.count(f"{handler} of {version} is invoked") for version in VERSIONS]
            assert min(counts) >= least, f"{handler} took no turns: {counts}"


def test_entries_that_the_other_version_cannot_read_are_caught(tmp_path: Path) -> None:
    """Retries may meet the version that can, so that every number is given in the end; but not without a word."""
    code = write_stack(tmp_path / "stack")
    shutil.copytree(code / "current", code / "previous")
    replace_in(code / "previous" / "items.py", '"a": pack_accepted', '"o": pack_accepted')
    replace_in(code / "previous" / "items.py", '"arw"', '"orw"')
    with versions_in_turn(code, kill_one_in=10) as stack:
        client = Client(stack.target)

        def complained() -> list[str]:
            client.submit(BODY)
            return errors(stack)

        wait_until("a complaint about an entry", complained, 120)
