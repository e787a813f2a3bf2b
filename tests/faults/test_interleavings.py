"""Every directed interleaving leaves the numbers whole, however the entries are kept."""

import pytest

from tests.faults.directed import deletions, deliveries, deployments, sweeps
from tests.faults.directed.engine import EngineTables
from tests.faults.directed.world import Scenario, World

SCENARIOS: list[Scenario] = [
    deliveries.late_zombie,
    deliveries.zombie_between,
    deliveries.parent_not_stamped,
    deliveries.mapping_made_anew,
    deliveries.same_batch_again,
    deliveries.same_delivery_twice,
    deliveries.lane_made_twice,
    deliveries.decided_between_two_looks,
    deliveries.put_and_touch_together,
    deliveries.two_batches_cut_short,
    deliveries.stamps_unconfirmed,
    deliveries.answer_is_final,
    deletions.deleted_before_its_stamp,
    deletions.deleted_before_it_is_applied,
    deletions.deleted_between_two_looks,
    deletions.stamped_between_two_looks,
    deletions.put_again_in_the_same_batch,
    deletions.put_again_before_its_stamp,
    deletions.put_again_before_it_is_applied,
    deletions.put_again_while_others_overtake,
    deliveries.room_for_one,
    deliveries.two_first_commits,
    deliveries.failure_in_the_middle,
    sweeps.zombie_over_a_pruned_lane,
    sweeps.replay_over_a_pruned_lane,
    sweeps.replay_of_two_that_overtook_each_other,
    sweeps.same_mark_again,
    sweeps.two_sweepers,
    sweeps.fence_raised_by_another_too,
    sweeps.sweeper_behind_a_commit,
    sweeps.touched_and_numbered_before,
    sweeps.touched_twice,
    sweeps.swept_while_being_stamped,
    deployments.zombie_of_the_lanes,
    deployments.zombie_without_lanes,
    deployments.back_on_with_an_old_checkpoint,
    deployments.switched_off_before_the_stamp,
    deployments.switched_on_before_the_stamp,
    deployments.two_without_lanes,
    deployments.refusal_races_creation,
    deployments.refused_before_there_was_a_counter,
    deployments.made_by_two,
    deployments.zombie_at_the_first_commit,
    deployments.zombie_between_at_the_first_commit,
    deployments.handed_out_directly,
    deployments.options_changed_after_refusals,
]


@pytest.mark.usefixtures("journal_mode")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_leaves_the_numbers_whole(scenario: Scenario) -> None:
    world = World()
    scenario(world)
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
@pytest.mark.parametrize("second", range(8))
@pytest.mark.parametrize("first", range(8))
def test_two_batches_in_a_row_that_are_cut_short(first: int, second: int) -> None:
    world = World()
    deliveries.two_batches_cut_short(world, first, second)
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
@pytest.mark.parametrize(
    "journal_mode",
    ["as it fits", pytest.param("always in the journal", marks=pytest.mark.everything)],
    indirect=True,
)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_does_so_on_a_real_engine(scenario: Scenario, engine_tables: EngineTables) -> None:
    """The conditions are DynamoDB's here, as expressions.py has them."""
    world = World(engine_tables)
    scenario(world)
    assert world.find_faults() == []
