"""Each guard taken away, and the interleaving that it is there for: the numbers break, so the guard is needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import numbering
import stamping
import verification
from counter import Counter
from memory import Known
from operations import Commit, Prune, ReadRequests, ReadStates, RefuseUncounted, WriteStamps
from stamping import Steps
from tests.faults.directed import deletions, deliveries, deployments, sweeps
from tests.faults.directed.world import Scenario, World
from tests.faults.simulation.stored import StoredRequest
from tests.faults.simulation.tables import SimulatedTables

# ── guards that are functions ────────────────────────────────────────────────────────────────────────────────────────


def find_nothing(*_: object) -> Steps[frozenset[str]]:
    """Nobody else's entry has any of them."""
    return frozenset()
    yield  # makes it a piece of the protocol


def find_nobody_gone(*_: object) -> Steps[list[str]]:
    """Who no longer waits was stamped."""
    return []
    yield


def bury_nothing(*_: object) -> Steps[None]:
    """A number whose request is gone is gone."""
    return
    yield


def compare_marks_alone(entry: Any, _: Counter, known: Known | None) -> bool:
    """A mark is taken for the same whatever happened in between."""
    return known is not None and known.mark == entry.mark


def suspect_nobody_at_first(outside: list[int], known: Known, now: int) -> int | None:
    """The first commit has nobody looked at."""
    return max([known.verify_until or 0, *outside])


def leave_verify_until(outside: list[int], known: Known, now: int) -> int | None:
    """What is decided beyond the marks raises nothing."""
    return now if known.verify_until is None else None


FUNCTIONS: list[tuple[object, str, Callable[..., Any], Scenario]] = [
    (numbering, "is_applied", lambda *_: True, deliveries.two_batches_cut_short),
    (numbering, "is_applied", compare_marks_alone, sweeps.same_mark_again),
    (numbering, "choose_verify_until", leave_verify_until, deliveries.mapping_made_anew),
    (numbering, "choose_verify_until", leave_verify_until, deployments.back_on_with_an_old_checkpoint),
    (numbering, "choose_verify_until", suspect_nobody_at_first, deployments.refused_before_there_was_a_counter),
    (verification, "drop_decided", lambda batch, mark: batch.requests, deliveries.same_batch_again),
    (verification, "drop_repeats", lambda requests: requests, deliveries.put_and_touch_together),
    (verification, "is_under_suspicion", lambda *_: False, deliveries.mapping_made_anew),
    (verification, "is_under_suspicion", lambda *_: False, sweeps.replay_over_a_pruned_lane),
    (verification, "find_owned_elsewhere", find_nothing, deliveries.parent_not_stamped),
    (verification, "find_owned_elsewhere", find_nothing, sweeps.touched_twice),
    (verification, "find_owned_elsewhere", find_nothing, deployments.switched_off_before_the_stamp),
    (verification, "find_owned_elsewhere", find_nothing, deployments.switched_on_before_the_stamp),
    (stamping, "bury", bury_nothing, deletions.deleted_before_its_stamp),
    (stamping, "bury", bury_nothing, deletions.deleted_before_it_is_applied),
    (stamping, "find_deleted_since", find_nobody_gone, deletions.deleted_between_two_looks),
]


def name_of(value: object) -> str | None:
    """How a case is called."""
    return getattr(value, "__name__", None) or (value if isinstance(value, str) else None)


def is_broken_by(scenario: Scenario, tables: type[SimulatedTables] = SimulatedTables) -> bool:
    """Whether the checker finds a fault, or the scenario what it must not."""
    world = World(tables)
    try:
        scenario(world)
    except AssertionError:
        return True
    return world.find_faults() != []


@pytest.mark.parametrize(("module", "guard", "without", "scenario"), FUNCTIONS, ids=name_of)
def test_without_the_guard_it_breaks(
    monkeypatch: pytest.MonkeyPatch, module: object, guard: str, without: Callable[..., Any], scenario: Scenario
) -> None:
    monkeypatch.setattr(module, guard, without)
    assert is_broken_by(scenario), f"nobody needs {guard}"


# ── guards that are conditions ───────────────────────────────────────────────────────────────────────────────────────


class AnyFence(SimulatedTables):
    """A commit does not ask for the fence."""

    def fence_stands(self, commit: Commit, counter: Counter) -> bool:
        return True


class AnyVersion(SimulatedTables):
    """A commit that depends on all lanes does not ask for the version."""

    def version_stands(self, commit: Commit, counter: Counter) -> bool:
        return True


class AnyMark(SimulatedTables):
    """A commit does not ask for its lane's mark."""

    def mark_stands(self, commit: Commit, counter: Counter) -> bool:
        return True


class EndlessRoom(SimulatedTables):
    """A commit does not ask whether there are numbers left."""

    def there_is_room(self, commit: Commit, counter: Counter) -> bool:
        return True


class AnyCreation(SimulatedTables):
    """A commit that makes the counter does not ask whether it is there."""

    def may_commit(self, commit: Commit, found: Counter | None) -> bool:
        return commit.create or super().may_commit(commit, found)

    def commit(self, commit: Commit) -> Any:
        if commit.create:
            self.counters.pop(commit.counter, None)
        return super().commit(commit)


class FixedFence(SimulatedTables):
    """A commit on behalf of all lanes does not raise the fence."""

    def commit(self, commit: Commit) -> Any:
        if not commit.raises_fence:
            return super().commit(commit)
        fence = self.counters[commit.counter].fence if commit.counter in self.counters else None
        answer = super().commit(commit)
        if answer.done:
            self.put_counter(replace(self.counters[commit.counter], fence=fence or 0))
            return replace(answer, counter=self.counters[commit.counter])
        return answer


class PruneAnyFence(SimulatedTables):
    """Pruning does not ask for the fence."""

    def may_prune(self, prune: Prune, counter: Counter) -> bool:
        entry = counter.lanes.get(prune.lane)
        return entry is not None and entry.mark == prune.mark


class PruneAnyMark(SimulatedTables):
    """Pruning does not ask for the mark."""

    def may_prune(self, prune: Prune, counter: Counter) -> bool:
        return prune.lane in counter.lanes and counter.fence == prune.fence


class PruneQuietly(SimulatedTables):
    """Pruning does not raise the fence."""

    def prune(self, prune: Prune) -> bool:
        done = super().prune(prune)
        if done:
            self.put_counter(replace(self.counters[prune.counter], fence=prune.fence))
        return done


class PruneUnsuspected(SimulatedTables):
    """Pruning does not raise verify_until."""

    def prune(self, prune: Prune) -> bool:
        return super().prune(replace(prune, verify_until=0))


class RefuseRegardless(SimulatedTables):
    """A refusal for want of a counter does not ask whether there is one."""

    def refuse_uncounted(self, operation: RefuseUncounted) -> bool:
        self.write_stamps(WriteStamps(operation.stamps))
        return True


class StampAgain(SimulatedTables):
    """A stamp does not ask whether the request waits."""

    def can_be_stamped(self, item: StoredRequest) -> bool:
        return True


class StampAnybody(SimulatedTables):
    """A stamp does not ask whether the request is the one that is meant."""

    def is_meant(self, stamp: Any, item: StoredRequest) -> bool:
        return True


class ReadAnybody(SimulatedTables):
    """Applying an entry does not ask whether a request is the one that is meant."""

    def meant(self, operation: ReadStates | ReadRequests) -> dict[str, StoredRequest]:
        return super().meant(replace(operation, received=()))


CONDITIONS: list[tuple[type[SimulatedTables], Scenario]] = [
    (AnyFence, deliveries.late_zombie),
    (AnyFence, deployments.zombie_of_the_lanes),
    (AnyFence, sweeps.zombie_over_a_pruned_lane),
    (AnyFence, deployments.handed_out_directly),
    (FixedFence, deliveries.late_zombie),
    (FixedFence, deployments.zombie_of_the_lanes),
    (AnyVersion, deliveries.zombie_between),
    (AnyVersion, deployments.zombie_without_lanes),
    (AnyVersion, deployments.two_without_lanes),
    (AnyMark, deliveries.same_delivery_twice),
    (EndlessRoom, deliveries.room_for_one),
    (AnyCreation, deliveries.two_first_commits),
    (PruneAnyFence, sweeps.two_sweepers),
    (PruneAnyMark, sweeps.sweeper_behind_a_commit),
    (PruneQuietly, sweeps.zombie_over_a_pruned_lane),
    (PruneUnsuspected, sweeps.replay_over_a_pruned_lane),
    (RefuseRegardless, deployments.refusal_races_creation),
    (StampAgain, deliveries.answer_is_final),
    (StampAnybody, deletions.put_again_before_its_stamp),
    (ReadAnybody, deletions.put_again_before_it_is_applied),
    (ReadAnybody, deletions.put_again_while_others_overtake),
]


@pytest.mark.parametrize(("tables", "scenario"), CONDITIONS, ids=name_of)
def test_without_the_condition_it_breaks(tables: type[SimulatedTables], scenario: Scenario) -> None:
    assert is_broken_by(scenario, tables), f"nobody needs what {tables.__name__} leaves out"
