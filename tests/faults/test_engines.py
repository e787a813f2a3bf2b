"""The same worlds, from the same seeds, on real engines: outcome for outcome what they are in memory.

Faults are drawn a call at a time, so that an engine that answers as the simulation does meets the same schedule; one
that does not shows it at the first answer that differs.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from connection import Settings, connect
from gapless.local.dynamodb_local import run_dynamodb_local
from tests.faults.simulation.campaign import CALLS, live_and_settle
from tests.faults.simulation.engine import EngineTables
from tests.faults.simulation.modes import MODES, Mode
from tests.faults.simulation.promises import find_breaches
from tests.faults.simulation.scenario import KINDS, Kind
from tests.faults.simulation.world import World
from tests.tables import create_tables

# An item of 400 KB for each request that has grown would be all that an engine is busy with.
SMALL: dict[Kind, int] = {kind: weight for kind, weight in KINDS.items() if kind is not Kind.GROWN}
CHANCES = (0.3,)  # engines are slow: of what happens, most should be faults
CRASHES = 2_000  # over all, with --everything
Outcome = tuple[str, int | None, str]


@pytest.fixture(scope="module", params=["ministack", pytest.param("dynamodb-local", marks=pytest.mark.everything)])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the engine is."""
    if request.param == "dynamodb-local":
        with run_dynamodb_local() as endpoint:
            yield endpoint
    else:
        stack = request.getfixturevalue("engine")
        yield stack.dynamodb


@pytest.fixture
def make_engine_world(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Mode], World]:
    """Makes a world on tables of its own, in which the functions' clock is the world's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)

    def make(seed: int, mode: Mode) -> World:
        client = connect()
        names = create_tables(client, f"engines-{uuid.uuid4().hex[:12]}")
        settings = replace(
            Settings.from_environment(os.environ),
            requests_table=names["RequestsTable"],
            counters_table=names["CountersTable"],
            journal_table=names["JournalTable"],
        )

        def make_store(now: Callable[[], int]) -> EngineTables:
            monkeypatch.setattr(time, "time_ns", lambda: now() * 1_000_000)
            return EngineTables(client, settings, time.monotonic)

        return World(seed, mode, make_store, SMALL, CHANCES)

    return make


def outcomes(world: World) -> dict[str, Outcome]:
    """What has become of each request, tombstones included."""
    return {one: (item.status, item.number, item.code) for one, item in world.store.requests.items()}


def values(world: World) -> dict[str, int]:
    """How many numbers each counter has handed out."""
    return {name: counter.value for name, counter in world.store.counters.items()}


def compare(seed: int, mode: Mode, make_engine_world: Callable[[int, Mode], World]) -> int:
    """Have a world twice and compare; how often a process has crashed in it."""
    simulated, real = World(seed, mode, kinds=SMALL, chances=CHANCES), make_engine_world(seed, mode)
    for world in (simulated, real):
        live_and_settle(world, CALLS)
    replay = f"seed {seed}, {mode}"
    assert outcomes(real) == outcomes(simulated), replay
    assert values(real) == values(simulated), replay
    assert real.history.events == simulated.history.events, replay
    assert find_breaches(real.history, real.store.requests, real.store.counters) == [], replay
    return simulated.history.events["crashes"]


def test_engines_do_what_the_simulation_does(
    make_engine_world: Callable[[int, Mode], World], pytestconfig: pytest.Config
) -> None:
    seed: int = pytestconfig.getoption("--seed")
    wanted = CRASHES // 2 if pytestconfig.getoption("--everything") else CRASHES // 10
    crashes = 0
    while crashes < wanted:
        crashes += compare(seed, MODES[seed % len(MODES)], make_engine_world)
        seed += 1
