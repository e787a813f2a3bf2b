"""What an entry says is done, whatever has become of work(), the journal or the request since the commit."""

import pytest

import numbering
from entry import Owners
from operations import Commit, Judge, PutJournal
from stamping import MissingJournal
from tests.faults.directed.world import MINUTE, World
from tests.faults.simulation.tables import SimulatedTables


def commit_and_die(world: World, *ids: str) -> None:
    """A delivery in P that is gone right after its commit."""
    world.open("P")
    world.start(world.put_many(*ids), "P").die_after(Commit)


def journals(world: World) -> dict[bytes, Owners]:
    """The journal's items, to be looked at and lost."""
    assert isinstance(world.tables, SimulatedTables)
    return world.tables.journals


@pytest.mark.usefixtures("journal_mode")
def test_the_result_is_asked_for_again() -> None:
    world = World()
    commit_and_die(world, "x", "y")
    world.judged.clear()
    world.deliver([world.put("z")], "P")
    assert [world.status(one) for one in "xyz"] == ["DONE 2", "DONE 3", "DONE 4"]
    assert world.tables.requests["x"].result == '"result of x"'
    assert world.judged == ["x", "y", "z"], "each once"
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
def test_a_number_stays_with_a_request_that_work_would_refuse_by_now() -> None:
    world = World()
    commit_and_die(world, "x", "y")
    world.refused.add("x")
    report = world.deliver([world.put("z")], "P")
    assert [world.status(one) for one in "xyz"] == ["DONE 2", "DONE 3", "DONE 4"]
    assert world.tables.requests["x"].result == "null"
    assert "does not take" in report.stamped[0].overruled, "the log is to say so"
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
def test_an_entry_waits_a_quarter_of_an_hour_for_a_work_that_fails_and_no_longer() -> None:
    world = World()
    commit_and_die(world, "x", "y")
    world.failing.add("x")
    z = world.put("z")
    assert [request.request_id for request, _ in world.deliver([z], "P").failures] == ["z"]
    assert [world.status(one) for one in "xyz"] == ["PENDING", "PENDING", "PENDING"]
    world.now += 16 * MINUTE
    report = world.deliver([z], "P")
    assert [world.status(one) for one in "xyz"] == ["DONE 2", "DONE 3", "DONE 4"]
    assert world.tables.requests["x"].result == "null"
    assert "is down" in report.stamped[0].overruled
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
def test_a_refusal_stays_a_refusal_that_work_would_accept_by_now() -> None:
    world = World()
    world.refused.add("x")
    commit_and_die(world, "x", "y")
    world.refused.clear()
    world.deliver([world.put("z")], "P")
    assert [world.status(one) for one in "xyz"] == ["FAILED Rejected", "DONE 2", "DONE 3"]
    assert world.find_faults() == []


@pytest.mark.usefixtures("journal_mode")
@pytest.mark.parametrize("dies", [True, False], ids=["dies after the commit", "goes through"])
def test_a_request_sent_again_too_often_is_refused_before_work_sees_it(dies: bool) -> None:
    """Through the entry like every refusal, so that an old delivery of it takes no number afterwards."""
    world = World()
    world.open("P")
    world.failing.add("x")
    x = world.put("x")
    for _ in range(world.rules.most_resends):
        touched = world.resend("x")
    world.judged.clear()
    worker = world.start([touched, world.put("y")], "C")
    if dies:
        worker.die_after(Commit)
        assert world.status("x") == "PENDING"
        world.deliver([world.put("z")], "C")
    else:
        worker.finish()
    assert world.status("x") == "FAILED Unprocessable"
    assert "x" not in world.judged, "work() fails on it, and would be asked for ever"
    assert world.status("y") == "DONE 2"
    world.failing.clear()
    world.deliver([x], "P")
    assert world.status("x") == "FAILED Unprocessable"
    assert world.find_faults() == []


def test_one_touch_less_is_still_worked_on() -> None:
    world = World()
    world.open("P")
    world.put("x")
    for _ in range(world.rules.most_resends - 1):
        touched = world.resend("x")
    world.deliver([touched], "C")
    assert world.status("x") == "DONE 2"


def test_the_journal_is_written_before_the_commit_that_points_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "fits", lambda *_: False)
    world = World()
    worker = world.start(world.put_many("x", "y"), "P")
    worker.finish()
    kinds = [type(one) for one in worker.done]
    assert kinds.index(Judge) < kinds.index(PutJournal) < kinds.index(Commit)


def test_a_missing_journal_item_stops_the_lane_and_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "fits", lambda *_: False)
    world = World()
    commit_and_die(world, "x", "y")
    lost = journals(world).copy()
    journals(world).clear()
    before = world.counter()
    report = world.deliver([world.put("z")], "P")
    assert isinstance(report.failures[0][1], MissingJournal)
    world.now += 60 * MINUTE
    with pytest.raises(MissingJournal):
        world.start_sweep().finish()
    # A re-sent request may be in the entry that nobody can read, so it is not numbered either.
    assert isinstance(world.deliver([world.resend("x")], "C").failures[0][1], MissingJournal)
    assert world.counter() == before
    assert [world.status(one) for one in "xyz"] == ["PENDING", "PENDING", "PENDING"]
    world.deliver([world.put("w")], "Q")
    assert world.status("w") == "DONE 4", "the other lanes go on"
    journals(world).update(lost)
    assert world.find_faults() == []
    assert (world.status("x"), world.status("y")) == ("DONE 2", "DONE 3")


def test_an_orphan_of_the_journal_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "fits", lambda *_: False)
    world = World()
    world.open("P")
    x = world.put("x")
    world.start([x], "P").die_after(PutJournal)
    world.deliver([x], "P")
    assert len(journals(world)) == 3
    assert world.find_faults() == []


def test_an_entry_of_a_counter_that_was_spoilt_waits_until_it_is_mended() -> None:
    """Its options say which numbers they are; without them nothing is guessed."""
    world = World()
    commit_and_die(world, "x")
    sound = world.counter()
    world.set_options(fault="its increment is 0")
    assert world.deliver([world.put("y")], "P").failures
    assert world.status("x") == "PENDING"
    world.tables.put_counter(sound)
    assert world.find_faults() == []
