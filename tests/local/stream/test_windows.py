"""Tumbling windows: state carried from batch to batch, and a final invocation when the window ends."""

from pathlib import Path
from typing import Any

from tests.local.stream.fakes import (
    NOW,
    STREAM,
    FakeEngine,
    FakeTime,
    Recorder,
    in_loop,
    keys,
    mapping_of,
    on_failure,
    running,
    settings,
    until,
)

WINDOW = 60  # NOW is a multiple of it


def count(event: dict[str, Any]) -> dict[str, Any]:
    """A handler that counts the records of a window."""
    return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}


@in_loop
async def test_state_goes_from_batch_to_batch_and_the_window_ends_with_a_call_of_its_own() -> None:
    time, engine, function = FakeTime(hurry=False), FakeEngine(), Recorder(count)
    for offset in (1, 2, 3):
        engine.put(f"first-{offset}", arrival=NOW + offset)
    engine.put("second", arrival=NOW + WINDOW + 5)
    with_settings = settings(TumblingWindowInSeconds=WINDOW, BatchSize=2)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        await until(lambda: len(function.events) == 4)
        await time.advance(2 * WINDOW)
        assert len(function.events) == 4  # the end of the second window has its grace
        await time.advance(1)
        await until(lambda: len(function.events) == 5)
        await mapping.drain(5)
    seen = [
        (keys(event), event["state"], event["window"]["start"], event["isFinalInvokeForWindow"])
        for event in function.events
    ]
    first, second = "2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"
    assert seen == [
        (["first-1", "first-2"], {}, first, False),
        (["first-3"], {"count": 2}, first, False),
        ([], {"count": 3}, first, True),
        (["second"], {}, second, False),
        ([], {"count": 1}, second, True),
    ]
    event = function.events[0]
    assert set(event) == {
        "Records",
        "window",
        "state",
        "shardId",
        "eventSourceARN",
        "isFinalInvokeForWindow",
        "isWindowTerminatedEarly",
    }
    assert event["window"] == {"start": first, "end": second}
    assert event["eventSourceARN"] == STREAM
    assert event["shardId"].startswith("shardId-")
    assert not any(event["isWindowTerminatedEarly"] for event in function.events)


@in_loop
async def test_a_response_without_state_is_a_failure() -> None:
    engine, function = FakeEngine(), Recorder(lambda event: {"batchItemFailures": []})
    engine.put("a", arrival=NOW)
    with_settings = on_failure(TumblingWindowInSeconds=WINDOW, MaximumRetryAttempts=1)
    async with running(mapping_of(engine, function.invoke, with_settings)) as mapping:
        await mapping.drain(5)
    assert [keys(event) for event in function.events[:2]] == [["a"], ["a"]]
    assert engine.messages[0]["DDBStreamBatchInfo"]["batchSize"] == 1


@in_loop
async def test_a_state_over_one_megabyte_ends_the_window_early() -> None:
    time, engine = FakeTime(hurry=False), FakeEngine()
    function = Recorder(lambda event: {"state": {} if event["isFinalInvokeForWindow"] else {"x": "y" * 1_100_000}})
    engine.put("a", arrival=NOW + 1)
    with_settings = settings(TumblingWindowInSeconds=WINDOW)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)):
        await until(lambda: len(function.events) == 2)
        engine.put("b", arrival=NOW + 2)
        await until(lambda: len(function.events) == 4)
    last, next_one = function.events[1:3]
    assert (last["Records"], last["isFinalInvokeForWindow"], last["isWindowTerminatedEarly"]) == ([], True, True)
    assert (keys(next_one), next_one["state"], next_one["window"]) == (["b"], {}, last["window"])


@in_loop
async def test_a_state_of_one_megabyte_does_not_end_the_window() -> None:
    time, engine = FakeTime(hurry=False), FakeEngine()
    function = Recorder(lambda event: {"state": {"x": "y" * (1_048_576 - 8)}})
    with_settings = settings(TumblingWindowInSeconds=WINDOW)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        for key in "ab":
            engine.put(key, arrival=NOW + 1)
            await mapping.drain(5)
    assert function.batches == [["a"], ["b"]]


@in_loop
async def test_the_state_of_a_report_goes_on_with_the_records_that_are_left() -> None:
    time, engine = FakeTime(), FakeEngine()

    def stop_once_at_c(event: dict[str, Any]) -> dict[str, Any]:
        whole = count(event)
        if keys(event) != ["a", "b", "c", "d"]:
            return whole
        return {"state": {"count": 2}, "batchItemFailures": [{"itemIdentifier": sequences["c"]}]}

    sequences = {key: engine.put(key, arrival=NOW) for key in "abcd"}
    function = Recorder(stop_once_at_c)
    with_settings = settings(TumblingWindowInSeconds=WINDOW, FunctionResponseTypes=["ReportBatchItemFailures"])
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        await mapping.drain(5)
        await until(lambda: len(function.events) == 3)
    seen = [(keys(event), event["state"], event["isFinalInvokeForWindow"]) for event in function.events]
    assert seen == [(list("abcd"), {}, False), (list("cd"), {"count": 2}, False), ([], {"count": 4}, True)]


@in_loop
async def test_a_batch_that_failed_whole_has_the_state_it_had_and_each_half_the_state_of_the_one_before() -> None:
    engine, function = FakeEngine(), Recorder(lambda event: 1 / 0 if len(keys(event)) == 4 else count(event))
    for key in "abcd":
        engine.put(key, arrival=NOW)
    with_settings = settings(TumblingWindowInSeconds=WINDOW, BisectBatchOnFunctionError=True)
    async with running(mapping_of(engine, function.invoke, with_settings)) as mapping:
        await mapping.drain(5)
    seen = [(keys(event), event["state"]) for event in function.events[:3]]
    assert seen == [(list("abcd"), {}), (list("ab"), {}), (list("cd"), {"count": 2})]


@in_loop
async def test_nothing_else_comes_until_the_final_invocation_has_succeeded_or_was_given_up_on() -> None:
    time, engine = FakeTime(hurry=False), FakeEngine()
    function = Recorder(lambda event: 1 / 0 if event["isFinalInvokeForWindow"] else count(event))
    engine.put("first", arrival=NOW)
    engine.put("second", arrival=NOW + WINDOW)
    with_settings = settings(TumblingWindowInSeconds=WINDOW, MaximumRetryAttempts=2)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        await until(lambda: len(function.events) == 2)
        while mapping.unfinished():
            await time.advance(0.1)
    seen = [(keys(event), event["state"], event["isFinalInvokeForWindow"]) for event in function.events]
    final: tuple[list[str], dict[str, int], bool] = ([], {"count": 1}, True)
    assert seen == [(["first"], {}, False), final, final, final, (["second"], {}, False)]


@in_loop
async def test_an_open_window_and_its_state_survive_a_stop(tmp_path: Path) -> None:
    time, engine, function, file = FakeTime(hurry=False), FakeEngine(), Recorder(count), tmp_path / "checkpoint.json"
    with_settings = settings(TumblingWindowInSeconds=WINDOW)
    for key in "ab":
        engine.put(key, arrival=NOW + 1)
        mapping = mapping_of(engine, function.invoke, with_settings, clock=time.clock, checkpoint=file)
        async with running(mapping):
            await mapping.drain(5)
    assert [(keys(event), event["state"]) for event in function.events] == [(["a"], {}), (["b"], {"count": 1})]
