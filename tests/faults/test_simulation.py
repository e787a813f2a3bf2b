"""Promises 2 to 5 in worlds where everything happens that may: hundreds of seeds a run, and any number by `make soak`.

One command replays a failure: `pytest tests/faults/test_simulation.py --seed N`, with the seed that it names.
"""

from collections import Counter as Tally
from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest

import numbering
import sweeping
import verification
from operations import Prune
from request import Request
from stamping import Steps
from tests.faults.simulation.campaign import CALLS, EVENTS, Breach, run_campaign, run_world, run_worlds
from tests.faults.simulation.modes import MODES, Mode
from tests.faults.simulation.tables import SimulatedTables

WORLDS = 56  # of each mode: more than 500 in all
ENOUGH = 200  # worlds to find what a guard is for


@pytest.fixture(scope="module")
def total() -> Tally[str]:
    """What has happened in all the worlds."""
    return Tally()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_promise_is_kept_in_every_world(mode: Mode, first_seed: int, total: Tally[str]) -> None:
    events = run_worlds(range(first_seed, first_seed + WORLDS), mode)
    assert events["operations"] >= WORLDS * CALLS
    total.update(events)


def test_everything_has_happened_that_worlds_are_for(total: Tally[str]) -> None:
    if total["worlds"] < WORLDS * len(MODES):
        pytest.skip("only after all worlds")
    assert [name for name in EVENTS if not total[name]] == []


def test_a_seed_repeats_its_world() -> None:
    assert run_world(7, Mode("mixed")) == run_world(7, Mode("mixed"))


def holds(*_: Any) -> bool:
    """Whatever is asked."""
    return True


def keep_repeats(requests: Iterable[Request]) -> Iterable[Request]:
    """The requests as they come."""
    return requests


def find_nobody(*_: Any) -> Steps[frozenset[str]]:
    """No look at other lanes."""
    return frozenset()
    yield


def prune_without_suspicion(name: str, lane: str, entry: Any, fence: int) -> Prune:
    """The lane forgotten, and all that its mark was good for."""
    return Prune(name, lane, entry.mark, fence, verify_until=0)


ONE_LANE, MIXED = Mode("one lane"), Mode("mixed")
# Where chance finds the harm soon. The rarer ones have their interleavings written out, in test_interleavings.py.
GUARDS: dict[str, tuple[object, str, Any, Mode]] = {
    "an entry is applied unless it is known to be": (numbering, "is_applied", holds, Mode()),
    "an id once a batch": (verification, "drop_repeats", keep_repeats, Mode()),
    "what was received before verify_until is read": (verification, "is_under_suspicion", lambda *_: False, Mode()),
    "other lanes' entries are looked at": (verification, "find_owned_elsewhere", find_nobody, MIXED),
    "a prune raises verify_until": (sweeping, "prune", prune_without_suspicion, Mode()),
    "a commit depends on its lane's mark": (SimulatedTables, "mark_stands", holds, Mode()),
    "a commit depends on the fence": (SimulatedTables, "fence_stands", holds, MIXED),
    "a commit with re-sent requests depends on the version": (SimulatedTables, "version_stands", holds, ONE_LANE),
    "a touch takes off the mark of a save": (SimulatedTables, "stays_marked", holds, Mode()),
    "a request is stamped once": (SimulatedTables, "can_be_stamped", holds, Mode()),
}


@pytest.mark.parametrize(("target", "guard", "instead", "mode"), GUARDS.values(), ids=GUARDS)
def test_without_a_guard_some_world_breaks(target: object, guard: str, instead: Any, mode: Mode) -> None:
    with patch.object(target, guard, instead):
        assert any(breaks(seed, mode) for seed in range(ENOUGH))


def breaks(seed: int, mode: Mode) -> bool:
    """Whether a promise is broken in a world."""
    try:
        run_world(seed, mode)
    except Breach:
        return True
    return False


@pytest.mark.everything
def test_a_hundred_thousand_crashes(first_seed: int) -> None:
    (*_, total) = run_campaign(first_seed, crashes=100_000)
    assert total["crashes"] >= 100_000
    assert [name for name in EVENTS if not total[name]] == []
