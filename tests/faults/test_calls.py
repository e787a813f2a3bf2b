"""Promise 4, call by call: a crash, a lost answer or a refusal at each, and then what Lambda does: deliver again."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.faults.conftest import Processor, Records
from tests.faults.injection import Crash, Moment, answer, crash
from tests.unit.records import make_record

# A batch with two counters makes four calls: read and commit, twice.
CALLS = ("GetItem", "TransactWriteItems", "GetItem", "TransactWriteItems")
POINTS = [(call, moment) for call in range(len(CALLS)) for moment in ("before", "after")]
SETTLED = {
    "a": "DONE 1",
    "b": "FAILED ",
    "c": "DONE 2",
    "d": "FAILED ",
    "e": "DONE 1",
    "f": "DONE 3",
    "g": "FAILED ",
}


def make_batch(processor: Processor) -> Records:
    """Accepted, rejected and broken requests of two counters, and one of a counter that is not there."""
    processor.client.put_item(
        TableName=processor.target.counters_table,
        Item={"counterName": {"S": "orders"}, "allocation": {"S": "stream"}, "value": {"N": "0"}},
    )
    return processor.store(
        [
            make_record("a"),
            make_record("b", '{"lines": []}'),
            make_record("c", '{"lines": [{"sku": "x", "quantity": 1, "unitPrice": 1}]}'),
            make_record("d", "not json"),
            make_record("e", counter="orders"),
            make_record("f"),
            make_record("g", '{"lines": []}', counter="orders"),
        ]
    )


def statuses(numbers: dict[str, str]) -> dict[str, str]:
    """Without the numbers, which depend on what was delivered first."""
    return {one: text.split()[0] for one, text in numbers.items()}


def test_the_batch_makes_the_calls_that_are_faulted(processor: Processor) -> None:
    assert processor.deliver(make_batch(processor)) == []
    assert tuple(processor.faults.calls) == CALLS
    assert processor.numbers() == SETTLED


@pytest.mark.parametrize("again", ["whole", "suffix", "twice"])
@pytest.mark.parametrize(("call", "moment"), POINTS)
def test_a_crash_at_every_call(processor: Processor, call: int, moment: Moment, again: str) -> None:
    records = make_batch(processor)
    processor.faults.plan[call, moment] = crash
    with pytest.raises(Crash):
        processor.deliver(records)
    processor.faults.clear()
    if again == "suffix":
        processor.deliver_until_done(records[4:])  # an overlapping delivery is cut elsewhere, and is first
    processor.deliver_until_done(records)
    if again == "twice":
        processor.deliver_until_done(records)
    assert processor.find_faults() == []
    numbers = processor.numbers()
    assert {one: text.split()[0] for one, text in numbers.items()} == {
        one: text.split()[0] for one, text in SETTLED.items()
    }
    if again != "suffix":
        assert numbers == SETTLED


@pytest.mark.parametrize(("call", "moment"), POINTS)
@pytest.mark.parametrize(
    "fault",
    [
        answer("ThrottlingException"),
        answer("ProvisionedThroughputExceededException"),
        answer("InternalServerError", 500),
        answer("TransactionInProgressException"),
        lambda: (_ for _ in ()).throw(ReadTimeoutError(endpoint_url="http://dynamodb")),
    ],
    ids=["throttled", "throughput", "500", "in progress", "timed out"],
)  # fmt: skip
def test_what_passes_is_waited_out_within_one_delivery(
    processor: Processor, call: int, moment: Moment, fault: Callable[[], None]
) -> None:
    """Refused before it was carried out, or carried out with its answer lost: the same batch, the same numbers."""
    records = make_batch(processor)
    processor.faults.plan[call, moment] = fault
    assert processor.deliver(records) == []
    assert len(processor.faults.calls) > len(CALLS)
    assert processor.find_faults() == []
    assert processor.numbers() == SETTLED


@pytest.mark.parametrize(("call", "moment"), [(call, moment) for call, moment in POINTS if moment == "before"])
def test_what_does_not_pass_is_reported_and_settled_later(processor: Processor, call: int, moment: Moment) -> None:
    records = make_batch(processor)
    processor.faults.plan[call, moment] = answer("AccessDeniedException")
    assert processor.deliver(records) != []
    processor.faults.clear()
    processor.deliver_until_done(records)
    assert processor.find_faults() == []


@pytest.mark.parametrize("call", [1, 3])
def test_a_zombies_write_that_lands_after_its_successor_finished(processor: Processor, call: int) -> None:
    """A delivery stands before its commit, times out, is delivered again elsewhere and settled; then it wakes up."""
    records = make_batch(processor)
    asleep, awake = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        awake.wait(20)

    processor.faults.plan[call, "before"] = sleep
    with ThreadPoolExecutor(1) as pool:
        zombie = pool.submit(processor.deliver, records)
        assert asleep.wait(20)
        processor.faults.plan.clear()
        successor = processor.deliver(records)
        settled = processor.numbers()
        awake.set()
        assert zombie.result(20) == []
    assert successor == []
    assert settled == SETTLED == processor.numbers()
    assert processor.find_faults() == []


def test_many_overlapping_deliveries_at_once(processor: Processor) -> None:
    records = make_batch(processor) + processor.store([make_record(f"more-{n}") for n in range(60)])
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(processor.deliver_until_done, [records, records[3:], records[:40], records, records[20:], records])
        )
    assert processor.find_faults() == []


def test_a_request_deleted_before_it_was_numbered_takes_no_number(processor: Processor) -> None:
    records = processor.store([make_record("a"), make_record("b"), make_record("c")])
    processor.client.delete_item(TableName=processor.target.requests_table, Key={"requestId": {"S": "b"}})
    assert processor.deliver(records) == []
    assert processor.numbers() == {"a": "DONE 1", "c": "DONE 2"}
    assert processor.find_faults() == []
