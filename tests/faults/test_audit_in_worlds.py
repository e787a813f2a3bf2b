"""An audit among all that may happen raises no false alarm; and a restore, reconciled, breaks no promise afterwards."""

from collections import Counter as Tally
from typing import Any
from unittest.mock import patch

import pytest

from gapless.audit import reconcile as reconciling
from gapless.audit.claims import Claim, Claims
from request import PENDING
from tests.faults.simulation import happenings
from tests.faults.simulation.campaign import CALLS
from tests.faults.simulation.happenings import HAPPENINGS, begin, delete, happen, put_again
from tests.faults.simulation.looking import look, reconcile
from tests.faults.simulation.modes import MODES, Mode
from tests.faults.simulation.promises import find_breaches
from tests.faults.simulation.scenario import Deleted
from tests.faults.simulation.settling import live, settle
from tests.faults.simulation.world import World

WORLDS = 8  # of each mode
RESTORED = 10  # of each mode
MORE = 60  # more than 500 in all
ENOUGH = 400  # worlds to find what a part of the repair is for


@pytest.fixture(scope="module")
def total() -> Tally[str]:
    """What the audits of all the worlds have seen."""
    return Tally()


def delete_waiting(world: World) -> None:
    """Somebody deletes a request that waits: if it owns a number by now, that gets a tombstone."""
    waiting = [one for one, item in world.store.requests.items() if item.status == PENDING]
    if waiting:
        request_id = world.random.choice(sorted(waiting))
        world.store.delete_request(request_id)
        world.history.deleted[request_id] = Deleted(world.history.submitted[request_id], None)


# Who deletes a request that has its number makes a gap, as far as anybody can see.
SPARING = {**HAPPENINGS, delete: 0, delete_waiting: 1}
# And one whose id is used again is told from the other by when it was received, which promises.py does not look at.
KEEPING = {**HAPPENINGS, delete: 0, put_again: 0}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_an_audit_raises_no_false_alarm_whatever_happens(mode: Mode, first_seed: int, total: Tally[str]) -> None:
    for seed in range(first_seed, first_seed + WORLDS):
        alarms, events = audit_a_world(seed, mode)
        assert alarms == [], f"seed {seed}"
        total.update(events, worlds=1)


def test_the_audits_have_met_what_they_are_for(total: Tally[str]) -> None:
    if total["worlds"] < WORLDS * len(MODES):
        pytest.skip("only after all worlds")
    assert total["writing"] > 0
    assert total["checked"] > 0


def audit_a_world(seed: int, mode: Mode) -> tuple[list[str], Tally[str]]:
    """Audit a world over and over while it lives, and at its end: what is said to be wrong, and what was seen."""
    world, alarms, events = World(seed, mode), list[str](), Tally[str]()
    with mode.applied(), patch.object(happenings, "HAPPENINGS", SPARING):
        begin(world)
        for _ in range(6):
            live(world, world.history.events["operations"] + CALLS // 8)
            _, report = look(world, lambda: happen(world))
            alarms += [one.sentence() for one in report.findings]
            events.update(
                writing=sum(one.writing for one in report.accounts),
                checked=sum(one.numbered for one in report.accounts),
            )
        settle(world)
    _, report = look(world)
    return alarms + [one.sentence() for one in report.findings], events


CARE: dict[str, tuple[object, str, Any]] = {
    "what is being written": (Claim, "can_be_written", lambda *_: False),
    "what was written behind the scan": (Claim, "is_written", lambda *_: False),
    "what entries have given": (Claims, "unseen", lambda *_: []),
}


@pytest.mark.everything
@pytest.mark.parametrize(("target", "name", "instead"), CARE.values(), ids=CARE)
def test_without_care_some_world_has_a_false_alarm(target: object, name: str, instead: Any) -> None:
    with patch.object(target, name, instead):
        assert any(audit_a_world(seed, Mode())[0] for seed in range(ENOUGH))


def restore_and_reconcile(seed: int, mode: Mode) -> tuple[list[str], Tally[str]]:
    """A world whose counters go back to what they were, are reconciled, and go on; what is broken then."""
    world, events = World(seed, mode), Tally[str]()
    with mode.applied(), patch.object(happenings, "HAPPENINGS", KEEPING):
        begin(world)
        live(world, CALLS // 3)
        snapshot = dict(world.store.counters)
        live(world, CALLS * 2 // 3)
        stop(world)
        for name, counter in snapshot.items():
            if name != "direct":
                world.store.put_counter(counter)
        repairs = reconcile(world)
        events.update(raised=sum(one.is_older for one in repairs), buried=sum(len(one.buried) for one in repairs))
        _, report = look(world)
        assert {one.kind for one in report.findings} <= {"over-its-bound"}
        live(world, CALLS)
        settle(world)
    breaches = find_breaches(world.history, world.store.requests, world.store.counters)
    # A commit that is undone takes its order along; and a bound that was raised since is down again.
    return [one for one in breaches if "out of order" not in one and not one.startswith("short")], events


def stop(world: World) -> None:
    """Stop the processor and the sweeper, and wait until their last calls are through. Processes stay as they are."""
    for poller in world.mapping.pollers.values():
        if poller.delivery:
            poller.fail()
    for call in world.adrift:
        world.perform(call)
    world.strays.clear()
    world.sweeps.clear()
    world.adrift.clear()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_after_a_restore_that_is_reconciled_every_promise_is_kept(mode: Mode, first_seed: int) -> None:
    restore_worlds(range(first_seed, first_seed + RESTORED), mode)


@pytest.mark.everything
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_same_in_hundreds_of_worlds(mode: Mode, first_seed: int) -> None:
    restore_worlds(range(first_seed, first_seed + MORE), mode)


def restore_worlds(seeds: range, mode: Mode) -> None:
    """Restore each world's counters, and reconcile them."""
    total: Tally[str] = Tally()
    for seed in seeds:
        breaches, events = restore_and_reconcile(seed, mode)
        assert breaches == [], f"seed {seed}"
        total += events
    assert total["raised"] > len(seeds) // 2


def without(**instead: Any) -> Any:
    """A repair that leaves something as it would be without it."""
    sound = reconciling.raise_to

    def raise_to(value: int, counter: Any, item: Any, now: int) -> Any:
        raised = sound(value, counter, item, now)
        changed = {name: make(counter) for name, make in instead.items()}
        return reconciling.Raise(**{**vars(raised), **changed})

    return raise_to


PARTS: dict[str, dict[str, Any]] = {
    "the value": {"value": lambda counter: counter.value},
    "what is looked up": {"verify_until": lambda counter: counter.verify_until or 0},
    "a fence that nobody knows": {
        "fence": lambda counter: counter.fence or 0,
        "version": lambda counter: counter.version or 0,
    },
}


@pytest.mark.everything
@pytest.mark.parametrize("part", PARTS)
def test_without_a_part_of_the_repair_some_world_breaks(part: str) -> None:
    with patch.object(reconciling, "raise_to", without(**PARTS[part])):
        assert any(breaks(seed, mode) for seed in range(ENOUGH) for mode in (Mode(), Mode("mixed")))


def breaks(seed: int, mode: Mode) -> bool:
    """Whether a promise is broken in a world."""
    try:
        return restore_and_reconcile(seed, mode)[0] != []
    except AssertionError:
        return True
