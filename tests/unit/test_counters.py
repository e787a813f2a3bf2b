"""Counters: what their options allow, and how they are kept."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from counter import Counter as ProcessorsCounter
from gapless.counters import Counter, CounterError, Counters, Options, check_change, check_name, plan_regions
from gapless.target import Target
from operations import ReadCounter
from store import Tables
from tests.unit.worker import FOR_EVER, Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def counters(client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> Counters:
    """The counters of the template's table."""
    monkeypatch.setattr("gapless.counters.connect", lambda target: client)
    return Counters(Target("", "us-east-1", "test-RequestsTable", "test-CountersTable", "NONE"))


@pytest.mark.parametrize(
    ("options", "capacity"),
    [
        (Options(), None),
        (Options(max=10), 10),
        (Options(start=5, increment=5, max=24), 4),
        (Options(min=1), None),
        (Options(start=10, increment=-3, min=1), 4),
        (Options(start=-1, increment=-1, max=0), None),
        (Options(start=10**37, max=10**38 - 1), 10**38 - 10**37),
    ],
)
def test_the_capacity_is_what_lies_between_start_and_the_bound(options: Options, capacity: int | None) -> None:
    options.check()
    assert options.capacity == capacity


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(increment=0), "increment"),
        (Options(start=11, max=10), "between"),
        (Options(start=0, min=1), "between"),
        (Options(cycle=True), "needs a max"),
        (Options(cycle=True, increment=-1, max=5), "needs a min"),
        (Options(start=10**38), "38 digits"),
        (Options(max=10**38), "38 digits"),
    ],
)
def test_options_no_counter_can_have(options: Options, reason: str) -> None:
    with pytest.raises(CounterError, match=reason):
        options.check()


@pytest.mark.parametrize("name", ["", "a b", "é", "a/b", "x" * 129])
def test_names_that_do_not_pass_through_a_url(name: str) -> None:
    with pytest.raises(CounterError, match="name"):
        check_name(name)


@pytest.mark.parametrize(
    "options", [Options(), Options(7, -2, min=-3, cycle=True), Options(max=4, allocation="direct")]
)
def test_what_is_created_is_what_the_processor_reads(counters: Counters, tables: Tables, options: Options) -> None:
    counters.create("c", options)
    read = tables.perform(ReadCounter("c"), FOR_EVER)
    assert replace(read, size=0) == ProcessorsCounter(
        "c", 0, options.start, options.increment, options.capacity, options.cycle, options.allocation
    )
    assert counters.show("c") == Counter("c", 0, options)
    assert list(counters.list()) == [Counter("c", 0, options)]


def test_a_counter_is_created_once(counters: Counters) -> None:
    counters.create("c", Options(max=3))
    with pytest.raises(CounterError, match="already"):
        counters.create("c", Options())
    assert counters.show("c").options == Options(max=3)


def test_an_unused_counter_can_be_given_any_options(counters: Counters) -> None:
    counters.create("c", Options(max=3, cycle=True))
    counters.set("c", Options(5, -1, min=0))
    assert counters.show("c") == Counter("c", 0, Options(5, -1, min=0))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (Options(), Options(increment=2), "increment"),
        (Options(), Options(start=2), "start"),
        (Options(), Options(allocation="direct"), "allocation"),
        (Options(max=9), Options(max=9, cycle=True), "cycle"),
        (Options(max=9), Options(max=4), "beyond that max"),
        (Options(max=9, cycle=True), Options(max=12, cycle=True), "cycles"),
        (Options(9, -1, min=0), Options(9, -1, min=6), "beyond that min"),
    ],
)
def test_a_used_counter_keeps_what_its_numbers_came_from(before: Options, after: Options, reason: str) -> None:
    with pytest.raises(CounterError, match=reason):
        check_change(Counter("c", 5, before), after)


def test_the_last_bound_of_a_used_counter_can_move_away(counters: Counters, client: "DynamoDBClient") -> None:
    counters.create("c", Options(max=5))
    client.update_item(
        TableName="test-CountersTable",
        Key={"counterName": {"S": "c"}},
        UpdateExpression="SET #value = :five",
        ExpressionAttributeNames={"#value": "value"},
        ExpressionAttributeValues={":five": {"N": "5"}},
    )
    assert counters.set("c", Options(max=7)).options.capacity == 7
    counters.set("c", Options())
    assert counters.show("c") == Counter("c", 5, Options())


def test_a_bound_that_is_lowered_or_raised_holds_for_workers_that_remember_the_former(
    counters: Counters, client: "DynamoDBClient", tables: Tables
) -> None:
    worker = Worker(client, tables)

    def number(request_id: str) -> str:
        worker.number(worker.put(request_id, counter="c"))
        return worker.outcome(request_id)

    counters.create("c", Options(max=9))
    assert number("a") == "DONE 1"
    counters.set("c", Options(max=1))
    assert number("b") == "FAILED CounterExhausted"
    counters.set("c", Options(max=2))
    assert [number("c"), number("d")] == ["DONE 2", "FAILED CounterExhausted"]


def test_every_change_moves_the_fence_and_the_version(counters: Counters, tables: Tables) -> None:
    counters.create("c", Options())
    seen = []
    for bound in (5, 6):
        counters.set("c", Options(max=bound))
        read = tables.perform(ReadCounter("c"), FOR_EVER)
        seen.append((read.fence, read.version, read.verify_until))
    assert seen == [(1, 1, None), (2, 2, None)]


def test_two_operators_cannot_undo_each_other(counters: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one changes the counter between our look at it and our change."""
    counters.create("c", Options(max=5))
    read = counters._read

    def overtaken(name: str) -> Any:
        item = read(name)
        monkeypatch.setattr(counters, "_read", read)
        counters.set("c", Options(max=50))
        return item

    monkeypatch.setattr(counters, "_read", overtaken)
    with pytest.raises(CounterError, match="in the meantime"):
        counters.set("c", Options(max=10))
    assert counters.show("c").options == Options(max=50)


def test_a_counter_typed_into_the_console_can_be_changed(counters: Counters, client: "DynamoDBClient") -> None:
    client.put_item(TableName="test-CountersTable", Item={"counterName": {"S": "typed"}})
    assert counters.show("typed") == Counter("typed", 0, Options(allocation="direct"))
    counters.set("typed", Options(max=3, allocation="direct"))
    assert counters.show("typed").options.max == 3


def test_the_last_number_of_a_counter() -> None:
    assert Counter("c", 9, Options(1, 2, max=7, cycle=True)).value == 1
    assert Counter("c", 0, Options()).value is None


def test_regions_share_the_numbers_out() -> None:
    assert plan_regions(["a", "b", "c"]) == {"a": Options(1, 3), "b": Options(2, 3), "c": Options(3, 3)}
    for regions in ([], [""], ["a", "a"]):
        with pytest.raises(CounterError, match="once"):
            plan_regions(regions)
