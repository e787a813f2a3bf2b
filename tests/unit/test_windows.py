"""Shards and tumbling windows: a lane for each shard, and what one invocation hands to the next."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import app
from connection import Settings
from entry import lane_of
from operations import ReadCounter, ReadStates
from store import Tables
from tests.unit.handler import Handler, read_log
from tests.unit.records import SHARD, make_event, make_record
from tests.unit.worker import FOR_EVER, LATER, MINUTES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.mark.filterwarnings("ignore:No application metrics")  # it is refused before anything is counted
def test_an_event_that_names_no_shard_is_refused_with_the_cure(handler: Handler) -> None:
    records = handler.store(make_record("a"))
    with pytest.raises(app.MissingShard, match=r"TumblingWindowInSeconds.*Lanes=off"):
        handler.call({"Records": records})
    assert handler.outcomes() == {"a": "PENDING"}


def test_without_lanes_no_shard_is_needed_and_no_state_is_given(
    client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Handler(client, replace(settings, lanes=False), monkeypatch)
    assert handler.call({"Records": handler.store(make_record("a"))}) == {"batchItemFailures": []}
    counter = Tables(client, settings).perform(ReadCounter("requests"), FOR_EVER)
    assert counter.lanes.keys() == {lane_of(None)}


def test_the_windows_state_saves_the_next_process_every_look(handler: Handler) -> None:
    state: dict[str, Any] = {}
    for turn in range(3):
        handler.start_anew()
        handler.asked.clear()
        records = handler.store(make_record(f"r{turn}", received_at=LATER + turn * MINUTES))
        answer = handler.call(json.loads(json.dumps(make_event(records, state))))
        state = answer["state"]
        assert ({ReadCounter, ReadStates} & set(handler.asked) == set()) is (turn > 0)
    assert handler.outcomes() == {"r0": "DONE 1", "r1": "DONE 2", "r2": "DONE 3"}


def test_a_state_of_another_process_that_is_behind_does_no_harm(handler: Handler) -> None:
    states: list[dict[str, Any]] = []
    for turn in range(3):
        records = handler.store(make_record(f"r{turn}", received_at=LATER + turn * MINUTES))
        states.append(handler.call(make_event(records, states[0] if states else None))["state"])
    handler.start_anew()
    late = handler.store(make_record("late", received_at=LATER + 9 * MINUTES))
    assert handler.call(make_event(late, states[0]))["batchItemFailures"] == []
    assert handler.outcomes()["late"] == "DONE 4"


def test_the_last_invocation_of_a_window_has_no_records_and_ends_its_state(handler: Handler) -> None:
    answer = handler.call(make_event(handler.store(make_record("a"))))
    assert answer["state"]
    last = handler.call(make_event([], answer["state"], isFinalInvokeForWindow=True))
    assert last == {"batchItemFailures": [], "state": {}}


def test_a_window_that_was_ended_early_is_told_of(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    log = read_log(monkeypatch)
    event = make_event(handler.store(make_record("a")), isFinalInvokeForWindow=True, isWindowTerminatedEarly=True)
    assert handler.call(event) == {"batchItemFailures": [], "state": {}}
    assert any("too large" in line["message"] for line in log())


def test_shards_number_in_lanes_of_their_own(handler: Handler) -> None:
    for shard in (SHARD, "shardId-00000001700000000000-ffffffff"):
        assert handler.call(make_event(handler.store(make_record(shard)), shardId=shard))["batchItemFailures"] == []
    counter = Tables(handler.client, app.settings).perform(ReadCounter("requests"), FOR_EVER)
    assert len(counter.lanes) == 2
    assert counter.value == 2
