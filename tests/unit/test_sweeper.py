"""The sweeper's handler: what it counts, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

import sweeper
from connection import Settings
from operations import Operation, ReadCounter
from tests.unit.swept import HOUR, LANES, NOTHING, Stack


def test_where_there_is_nothing_nothing_is_done(stack: Stack) -> None:
    assert stack.sweep() == NOTHING


def test_everything_that_was_done_is_counted(stack: Stack) -> None:
    stack.put_counter("requests", (300, "stampless"), (300, "deleted"), (2 * HOUR, "at rest"))
    stack.put_counter("orders")
    stack.put_request("stampless", 300)
    stack.put_request("at rest", 2 * HOUR, status="DONE")
    stack.put_request("lost", 2 * HOUR)
    stack.put_request("young", 60)
    done = stack.sweep()
    assert done == NOTHING | {"counters": 2, "pruned": 1, "stamped": 1, "buried": 1, "resent": 1, "pending": 2}
    assert stack.read_request("stampless")["number"] == {"N": "1"}
    assert stack.read_counter("requests").lanes.keys() == set(LANES[:2])
    assert stack.read_request("lost")["resends"] == {"N": "1"}
    assert "resends" not in stack.read_request("young")


def test_it_numbers_nothing_itself(stack: Stack) -> None:
    stack.put_counter("requests", (2 * HOUR, "a"))
    stack.put_request("a", 2 * HOUR, status="DONE")
    stack.put_request("lost", 2 * HOUR)
    stack.sweep()
    assert stack.read_counter("requests").value == 1
    assert stack.read_request("lost")["status"] == {"S": "PENDING"}


def test_a_second_sweep_leaves_alone_what_the_first_has_done(stack: Stack) -> None:
    stack.put_counter("requests", (300, "stampless"), (2 * HOUR, "deleted"))
    stack.put_request("stampless", 300)
    stack.put_request("lost", 2 * HOUR)
    stack.sweep()
    assert stack.sweep() == NOTHING | {"counters": 1, "pending": 1}


def test_the_event_may_be_in_more_of_a_hurry(stack: Stack) -> None:
    stack.put_request("young", 60)
    assert stack.sweep()["resent"] == 0
    assert stack.sweep(resendAfterSeconds=30)["resent"] == 1


def test_the_setting_says_when_a_lane_is_at_rest_and_a_request_lost(
    stack: Stack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "settings", replace(settings, sweep_after_seconds=200))
    stack.put_counter("requests", (300, "a"))
    stack.put_request("a", 300, status="DONE")
    stack.put_request("lost", 300)
    assert stack.sweep() == NOTHING | {"counters": 1, "pruned": 1, "resent": 1, "pending": 1}


def test_a_counter_that_fails_does_not_keep_the_others_from_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "bad", "z"):
        stack.put_counter(name, (300, f"of {name}"))
        stack.put_request(f"of {name}", 300, counter=name)
    perform = stack.tables.perform

    def forbid(operation: Operation, patience: Any) -> Any:
        if operation == ReadCounter("bad"):
            raise PermissionError("not this one")
        return perform(operation, patience)

    monkeypatch.setattr(stack.tables, "perform", forbid)
    assert stack.sweep() == NOTHING | {"counters": 3, "stamped": 2, "failed": 1, "pending": 1}
    with pytest.raises(sweeper.SweepFailed, match="1 counters could not be swept"):
        stack.sweep(source="aws.events")  # a schedule's: an error is all that anybody would see
    assert "number" not in stack.read_request("of bad")
