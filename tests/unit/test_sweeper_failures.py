"""The failure queue's messages, as Lambda hands them to the sweeper."""

import json
from typing import Any

import pytest

import sweeper
from tests.unit.handler import read_log
from tests.unit.swept import FAILURE, HOUR, NOTHING, Stack

TELLS = {
    "condition": "RetryAttemptsExhausted",
    "approximateInvokeCount": 11,
    "shardId": "shardId-00000001573689847184-864758bb",
    "startSequenceNumber": "800000000003126276362",
    "endSequenceNumber": "800000000003126276363",
    "batchSize": 2,
}


def make_message(body: str = json.dumps(FAILURE)) -> dict[str, Any]:
    """A record of an SQS event."""
    return {"messageId": "19dd0b57", "body": body, "eventSource": "aws:sqs", "attributes": {}}


def test_each_failure_message_is_told_of_and_there_is_one_sweep(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    log = read_log(monkeypatch)
    stack.put_request("lost", 2 * HOUR)
    assert stack.sweep(Records=[make_message(), make_message()]) == NOTHING | {"resent": 1, "pending": 1}
    errors = [line for line in log() if line["level"] == "ERROR"]
    assert [{name: line[name] for name in TELLS} for line in errors] == [TELLS, TELLS]


def test_a_message_that_comes_twice_changes_nothing_more(stack: Stack) -> None:
    stack.put_request("lost", 2 * HOUR)
    stack.sweep(Records=[make_message()])
    assert stack.sweep(Records=[make_message()]) == NOTHING | {"pending": 1}
    assert stack.read_request("lost")["resends"] == {"N": "1"}


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', '{"requestContext": 7}', '{"requestContext": {}}'])
def test_what_is_no_failure_message_is_told_of_and_swept_upon_all_the_same(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    log = read_log(monkeypatch)
    assert stack.sweep(Records=[make_message(body), make_message()]) == NOTHING
    assert [line.get("messageId") for line in log() if line["level"] == "ERROR"] == ["19dd0b57", None]


@pytest.mark.parametrize("fails", ["one counter", "everything"])
def test_a_sweep_that_fails_leaves_the_message_in_the_queue(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    stack.put_counter("bad", (300, "a"))

    def refuse(*_: Any) -> None:
        raise PermissionError("not this one")

    if fails == "one counter":
        monkeypatch.setattr(stack.tables, "perform", refuse)
    else:
        monkeypatch.setattr(stack.tables.requests, "list_waiting", refuse)
    with pytest.raises(sweeper.SweepFailed if fails == "one counter" else PermissionError):
        stack.sweep(Records=[make_message()])
