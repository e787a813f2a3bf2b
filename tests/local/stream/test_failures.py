"""What happens to a batch that fails: retries, bisection, reported records, age, and the failure destination."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gapless.local.engine import EngineError
from gapless.local.function import Invocation
from gapless.local.stream import InvalidMapping, bucket_folder, write_object
from tests.local.stream.fakes import (
    BUCKET,
    FUNCTION,
    NOW,
    STREAM,
    FakeEngine,
    FakeTime,
    OrderedHandler,
    Recorder,
    deliver,
    in_loop,
    keys,
    mapping_of,
    on_failure,
    running,
    settings,
)

REPORT: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def fail(event: dict[str, Any]) -> None:
    """A handler that always fails."""
    raise RuntimeError("it failed")


def reporting(*sequences: str | None) -> dict[str, Any]:
    """A response that reports these records."""
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in sequences]}


@in_loop
async def test_a_failed_batch_is_retried_as_often_as_allowed_and_then_given_up_on() -> None:
    engine, function = FakeEngine(), Recorder(fail)
    first, last = engine.put("a"), engine.put("b", arrival=NOW + 1)
    await deliver(engine, function, on_failure(MaximumRetryAttempts=2))
    assert function.batches == [["a", "b"]] * 3
    (message,) = engine.messages
    request_id, timestamp = message["requestContext"].pop("requestId"), message.pop("timestamp")
    assert (len(request_id), timestamp[-1], len(timestamp)) == (36, "Z", 24)
    shard = message["DDBStreamBatchInfo"].pop("shardId")
    assert shard.startswith("shardId-00000000000000000000-")
    assert message == {
        "requestContext": {
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "approximateArrivalOfFirstRecord": "2027-01-15T08:00:00Z",
            "approximateArrivalOfLastRecord": "2027-01-15T08:00:01Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
    }


@in_loop
async def test_retries_without_a_limit_go_on_until_it_works_and_wait_longer_each_time() -> None:
    time, engine = FakeTime(), FakeEngine()
    engine.put("a")
    outcomes = iter([fail] * 12)

    def handler(event: dict[str, Any]) -> None:
        next(outcomes, lambda _: None)(event)

    function = Recorder(handler)
    await deliver(engine, function, clock=time.clock)
    assert len(function.events) == 13
    waits = [seconds for seconds in time.slept if seconds]
    assert waits[0] <= 0.05
    assert 2.5 <= waits[-1] <= 5
    assert len(waits) == 12


@in_loop
async def test_bisection_halves_a_batch_that_failed_whole_and_uses_up_no_retry() -> None:
    engine = FakeEngine()
    for key in "abcdefgh":
        engine.put(key)

    def handler(event: dict[str, Any]) -> None:
        assert "g" not in keys(event)

    function = Recorder(handler)
    await deliver(engine, function, on_failure(BisectBatchOnFunctionError=True, MaximumRetryAttempts=1))
    assert ["".join(batch) for batch in function.batches] == ["abcdefgh", "abcd", "efgh", "ef", "gh", "g", "g", "h"]
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in engine.messages] == [1]
    assert engine.messages[0]["requestContext"]["approximateInvokeCount"] == 2


@in_loop
async def test_the_lowest_reported_record_is_the_checkpoint() -> None:
    engine = FakeEngine()
    sequences = [engine.put(key) for key in "abcd"]
    responses = iter([reporting(sequences[3], sequences[1], sequences[2])])
    function = Recorder(lambda event: next(responses, None))
    await deliver(engine, function, settings(**REPORT))
    assert ["".join(batch) for batch in function.batches] == ["abcd", "bcd"]


@in_loop
async def test_a_batch_whose_first_record_is_reported_is_not_split() -> None:
    engine = FakeEngine()
    first, _, last = (engine.put(key) for key in "abc")
    function = Recorder(lambda event: reporting(first))
    await deliver(engine, function, on_failure(**REPORT, BisectBatchOnFunctionError=True, MaximumRetryAttempts=2))
    assert ["".join(batch) for batch in function.batches] == ["abc"] * 3
    (message,) = engine.messages
    assert message["responseContext"]["functionError"] is None
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == first
    assert message["DDBStreamBatchInfo"]["endSequenceNumber"] == last


@pytest.mark.parametrize("bisect", [True, False])
@in_loop
async def test_a_reported_record_in_the_middle_is_retried_with_those_after_it(bisect: bool) -> None:
    engine = FakeEngine()
    third = [engine.put(key) for key in "abcd"][2]
    function = Recorder(lambda event: reporting(third) if "c" in keys(event) else None)
    with_settings = on_failure(**REPORT, BisectBatchOnFunctionError=bisect, MaximumRetryAttempts=2)
    await deliver(engine, function, with_settings)
    # With bisection the cut is a split, which uses up no retry.
    assert ["".join(batch) for batch in function.batches] == ["abcd", *["cd"] * (3 if bisect else 2)]


@pytest.mark.parametrize(
    "answer",
    [
        reporting(""),
        reporting(None),
        reporting("424242"),
        {"batchItemFailures": [{"itemIdentifer": "1"}]},
        {"batchItemFailures": ["101"]},
        {"batchItemFailures": True},
        ["101"],
        "text",
    ],
    ids=json.dumps,
)
@in_loop
async def test_a_report_without_the_right_form_fails_the_whole_batch(answer: object) -> None:
    engine = FakeEngine()
    engine.put("a")
    engine.put("b")
    function = Recorder(lambda event: answer)
    await deliver(engine, function, on_failure(**REPORT, MaximumRetryAttempts=1))
    assert function.batches == [["a", "b"]] * 2
    assert len(engine.messages) == 1


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, reporting()], ids=json.dumps)
@in_loop
async def test_an_empty_report_is_a_success(answer: object) -> None:
    engine = FakeEngine()
    engine.put("a")
    function = Recorder(lambda event: answer)
    await deliver(engine, function, on_failure(**REPORT, MaximumRetryAttempts=0))
    assert function.batches == [["a"]]
    assert engine.messages == []


@in_loop
async def test_reports_are_ignored_unless_asked_for() -> None:
    engine = FakeEngine()
    sequence = engine.put("a")
    function = Recorder(lambda event: reporting(sequence))
    await deliver(engine, function, settings(MaximumRetryAttempts=3))
    assert function.batches == [["a"]]


@pytest.mark.parametrize("position", range(8))
@in_loop
async def test_poison_at_any_position_never_takes_a_neighbour_with_it(position: int) -> None:
    engine = FakeEngine()
    poison = "abcdefgh"[position]
    sequences = {key: engine.put(key) for key in "abcdefgh"}
    handler = OrderedHandler(lambda key: key == poison)
    with_settings = on_failure(**REPORT, BisectBatchOnFunctionError=True, MaximumRetryAttempts=2)
    await deliver(engine, Recorder(handler), with_settings)
    (message,) = engine.messages
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == sequences[poison]
    assert "".join(handler.done) == "abcdefgh".replace(poison, "")  # each once, and in order


@pytest.mark.parametrize("run", range(20))
@in_loop
async def test_failures_of_any_kind_lose_nothing_and_keep_the_order(run: int, seeded: random.Random) -> None:
    engine = FakeEngine()
    written = [str(number) for number in range(60)]
    sequences = {key: engine.put(key) for key in written}
    poison = set(seeded.sample(written, 6))
    handler = OrderedHandler(lambda key: key in poison or seeded.random() < 0.1)
    with_settings = on_failure(**REPORT, BisectBatchOnFunctionError=True, MaximumRetryAttempts=8, BatchSize=16)
    await deliver(engine, Recorder(handler), with_settings)
    given_up = {message["DDBStreamBatchInfo"]["startSequenceNumber"] for message in engine.messages}
    assert all(message["DDBStreamBatchInfo"]["batchSize"] == 1 for message in engine.messages)
    assert given_up == {sequences[key] for key in poison}
    firsts = list(dict.fromkeys(handler.done))
    assert firsts == [key for key in written if key not in poison]


@in_loop
async def test_records_that_grew_too_old_are_given_up_on_before_they_are_sent() -> None:
    engine, function = FakeEngine(), Recorder()
    for key in "ab":
        engine.put(key, arrival=NOW - 61)
    engine.put("c", arrival=NOW - 59)
    await deliver(engine, function, on_failure(MaximumRecordAgeInSeconds=60))
    assert function.batches == [["c"]]
    (message,) = engine.messages
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert message["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in message
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2


@in_loop
async def test_records_grow_too_old_while_they_are_retried() -> None:
    time, engine, function = FakeTime(), FakeEngine(), Recorder(fail)
    engine.put("a")
    await deliver(engine, function, on_failure(MaximumRecordAgeInSeconds=60), clock=time.clock)
    assert 60 < time.now - NOW < 66
    assert engine.messages[0]["requestContext"]["condition"] == "RecordAgeExceeded"
    assert engine.messages[0]["requestContext"]["approximateInvokeCount"] == len(function.events) > 10


@in_loop
async def test_a_function_that_cannot_be_invoked_uses_up_no_retry() -> None:
    engine, function = FakeEngine(), Recorder()
    engine.put("a")
    absent = [RuntimeError("the host is stopped")] * 5

    async def invoke(event: bytes) -> Invocation:
        if absent:
            raise absent.pop()
        return await function.invoke(event)

    async with running(mapping_of(engine, invoke, on_failure(MaximumRetryAttempts=0))) as mapping:
        await mapping.drain(5)
    assert function.done == ["a"]
    assert engine.messages == []


@in_loop
async def test_a_destination_that_fails_twice_still_gets_the_record() -> None:
    engine = FakeEngine()
    engine.put("a")
    engine.failing["SendMessage"] = [EngineError("InternalError", "try again", 500)] * 2
    await deliver(engine, Recorder(fail), on_failure(MaximumRetryAttempts=0))
    assert len(engine.messages) == 1


@in_loop
async def test_a_destination_that_always_fails_does_not_hold_up_the_shard() -> None:
    engine = FakeEngine()
    engine.put("a")
    engine.failing["GetQueueUrl"] = [EngineError("QueueDoesNotExist", "no such queue", 400)] * 99
    function = Recorder(lambda event: fail(event) if keys(event) == ["a"] else None)
    await deliver(engine, function, on_failure(MaximumRetryAttempts=0, BatchSize=1))
    assert engine.messages == []
    assert len(engine.failing["GetQueueUrl"]) == 94
    engine.put("b")
    await deliver(engine, function, on_failure(MaximumRetryAttempts=0, BatchSize=1))
    assert function.done == ["b"]


@in_loop
async def test_an_s3_destination_gets_the_whole_event_under_the_documented_key(tmp_path: Path) -> None:
    engine, function = FakeEngine(), Recorder(fail)
    bucket = bucket_folder(tmp_path, "failures")
    bucket.mkdir(parents=True)
    sequence = engine.put("a")
    with_settings = on_failure(BUCKET, MaximumRetryAttempts=0)
    mapping = mapping_of(engine, function.invoke, with_settings, put_object=write_object(tmp_path))
    async with running(mapping):
        await mapping.drain(5)
    (file,) = (path for path in bucket.rglob("*") if path.is_file())
    *folders, name = file.relative_to(bucket).parts
    body = json.loads(file.read_text())
    assert folders[:2] + folders[3:] == ["aws", "lambda", body["DDBStreamBatchInfo"]["shardId"], "2027", "01", "15"]
    assert name.startswith("2027-01-15T08.00.00-")
    assert json.loads(body["payload"]) == function.events[0]
    assert body["DDBStreamBatchInfo"]["startSequenceNumber"] == sequence
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert engine.messages == []


@in_loop
async def test_a_missing_bucket_does_not_hold_up_the_shard(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.put("a")
    engine.put("b")
    function = Recorder(lambda event: fail(event) if keys(event) == ["a"] else None)
    with_settings = on_failure(BUCKET, MaximumRetryAttempts=0, BatchSize=1)
    mapping = mapping_of(engine, function.invoke, with_settings, put_object=write_object(tmp_path))
    async with running(mapping):
        await mapping.drain(5)
    assert function.done == ["b"]
    assert not bucket_folder(tmp_path, "failures").exists()


@pytest.mark.parametrize(
    "arn", ["arn:aws:sns:eu-west-1:000000000000:topic", "http://127.0.0.1/000000000000/failures", "failures", BUCKET]
)
def test_a_destination_that_cannot_work_is_refused(arn: str) -> None:
    with pytest.raises(InvalidMapping, match=f"the failure destination {arn} .*(SQS queue|put_object)"):
        mapping_of(FakeEngine(), Recorder().invoke, on_failure(arn))
