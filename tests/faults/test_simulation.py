"""Promises 2 to 5 in worlds where everything happens that may: hundreds of seeds a run, and any number by `make soak`.

One command replays a failure: `pytest tests/faults/test_simulation.py --seed N`, with the seed that it names.
"""

from collections import Counter as Tally

import pytest

from tests.faults.simulation.campaign import CALLS, EVENTS, run_campaign, run_world, run_worlds
from tests.faults.simulation.modes import MODES, Mode

WORLDS = 56  # of each mode: more than 500 in all


@pytest.fixture(scope="module")
def first_seed(pytestconfig: pytest.Config) -> int:
    """Worlds are numbered from --seed on, so that a failing one is the first of its replay."""
    seed: int = pytestconfig.getoption("--seed")
    return seed


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


@pytest.mark.everything
def test_a_hundred_thousand_crashes(first_seed: int) -> None:
    (*_, total) = run_campaign(first_seed, crashes=100_000)
    assert total["crashes"] >= 100_000
    assert [name for name in EVENTS if not total[name]] == []
