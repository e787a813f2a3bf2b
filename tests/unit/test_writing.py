"""Stamps are written until each request has one: what is tried again, what is buried, and when it gives up."""

from dataclasses import replace

from operations import Outcome, Pause, Stamp, WriteStamps, WriteTombstone
from request import Accepted, Refused
from stamping import ATTEMPTS, Report, Unconfirmed, name_tombstone, write_stamps
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import Script, follow, raised_by, written

A, B, C = (Stamp(make_request(one), Accepted("1"), number) for one, number in (("a", 1), ("b", 2), ("c", 3)))
REFUSAL = Stamp(make_request("d"), Refused("Rejected", "no stock"), None)


def test_what_is_throttled_is_written_after_a_pause_and_nothing_else_is() -> None:
    report = Report()
    script: Script = [
        (WriteStamps((A, B, C)), [Outcome.WRITTEN, Outcome.THROTTLED, Outcome.THROTTLED]),
        (Pause(1), None),
        (WriteStamps((B, C)), [Outcome.THROTTLED, Outcome.WRITTEN]),
        (Pause(2), None),
        (WriteStamps((B,)), [Outcome.WRITTEN]),
    ]
    follow(write_stamps((A, B, C), report), *script)
    assert report.stamped == [A, C, B]


def test_what_was_decided_already_is_not_counted_again() -> None:
    report = Report()
    follow(write_stamps((A, REFUSAL), report), (WriteStamps, [Outcome.DECIDED, Outcome.DECIDED]))
    assert report == Report()


def test_what_was_deleted_is_buried_with_its_number_if_it_has_one() -> None:
    report = Report()
    outcomes = [Outcome.WRITTEN, Outcome.MISSING, Outcome.MISSING]
    tombstone = WriteTombstone(name_tombstone("b", RECEIVED, "requests", 2), "requests", 2)
    follow(write_stamps((A, B, REFUSAL), report), (WriteStamps((A, B, REFUSAL)), outcomes), (tombstone, None))
    assert (report.stamped, report.buried) == ([A], [("b", "requests", 2)])


def test_what_the_item_has_no_room_for_is_left_out_and_the_number_is_not() -> None:
    report = Report()
    too_large = [Outcome.TOO_LARGE, Outcome.TOO_LARGE]
    follow(write_stamps((A, REFUSAL), report), (WriteStamps, too_large), (Pause, None), (WriteStamps, written))
    accepted, refused = report.stamped
    assert (accepted.number, accepted.verdict) == (1, Accepted("null"))
    assert (refused.number, refused.verdict) == (None, Refused("Rejected", ""))
    assert "no room" in accepted.overruled


def test_what_was_kept_goes_with_a_result_that_was_too_large_too() -> None:
    report, stamp = Report(), replace(A, verdict=Accepted('"long"', had_progress=True))
    follow(write_stamps((stamp,), report), (WriteStamps, [Outcome.TOO_LARGE]), (Pause, None), (WriteStamps, written))
    (accepted,) = report.stamped
    assert (accepted.verdict, accepted.ends_progress) == (Accepted("null", had_progress=True), True)


def test_it_gives_up_some_day_and_says_who_is_left() -> None:
    throttled = [Outcome.THROTTLED]
    script: Script = [(WriteStamps, throttled), *[(Pause, None), (WriteStamps, throttled)] * (ATTEMPTS - 1)]
    failure = raised_by(write_stamps((A,), Report()), *script)
    assert isinstance(failure, Unconfirmed)
    assert "of a" in str(failure)


def test_nothing_to_write_is_nothing_asked_for() -> None:
    follow(write_stamps((), Report()))
