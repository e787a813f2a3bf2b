"""The real handler on a real engine: a lost answer, a refusal or a zombie at each call."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import app
from tests.faults.conftest import LATER, Processor, Records
from tests.faults.injection import Moment, answer
from tests.unit.records import make_record

# ── what one delivery does ───────────────────────────────────────────────────────────────────────────────────────────

SETTLED = {"a": "DONE 1", "b": "FAILED", "c": "DONE 2", "d": "FAILED", "e": "DONE 1", "f": "DONE 3", "g": "FAILED"}
# Two counters: each is read, and the one whose requests were received before its first commit has them looked up.
CALLS = ["GetItem", "BatchGetItem", "UpdateItem", "BatchExecuteStatement"] * 2


def make_batch(processor: Processor) -> Records:
    """Accepted, refused and unreadable requests of two counters, in one batch."""
    processor.create_counter("orders", value={"N": "0"})
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


def test_the_batch_makes_the_calls_that_are_faulted(processor: Processor) -> None:
    assert processor.deliver(make_batch(processor)) == []
    assert processor.faults.calls == CALLS
    assert processor.numbers() == SETTLED


def test_a_warm_batch_reads_nothing(processor: Processor) -> None:
    processor.deliver(processor.store([make_record(f"first {n}") for n in range(3)]))
    processor.faults.clear()
    assert processor.deliver(processor.store([make_record(f"next {n}", received_at=LATER) for n in range(99)])) == []
    assert processor.faults.calls == ["UpdateItem"] + ["BatchExecuteStatement"] * 4


def test_the_state_of_a_window_makes_another_process_warm(processor: Processor) -> None:
    processor.deliver(processor.store([make_record("a")]))
    processor.restart()
    processor.faults.clear()
    processor.deliver(processor.store([make_record("b", received_at=LATER)]))
    assert processor.faults.calls == ["UpdateItem", "BatchExecuteStatement"]


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        ("before", answer("ThrottlingException")),
        ("before", answer("TransactionInProgressException")),
        ("after", answer("InternalServerError", 500)),
        ("after", lambda: (_ for _ in ()).throw(ReadTimeoutError(endpoint_url="http://dynamodb"))),
    ],
    ids=["throttled", "in progress", "500", "timed out"],
)
@pytest.mark.parametrize("call", range(len(CALLS)))
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


@pytest.mark.parametrize("call", range(len(CALLS)))
def test_what_does_not_pass_is_reported_and_settled_later(processor: Processor, call: int) -> None:
    records = make_batch(processor)
    processor.faults.plan[call, "before"] = answer("AccessDeniedException")
    assert processor.deliver(records) != []
    processor.faults.clear()
    processor.deliver_as_lambda(records)
    assert processor.find_faults() == []
    assert processor.numbers() == SETTLED


# ── zombies and overlapping deliveries ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lanes", [True, False], ids=["lanes", "no lanes"])
@pytest.mark.parametrize("call", range(len(CALLS)))
def test_a_zombies_call_that_lands_after_its_successor_finished(
    processor: Processor, monkeypatch: pytest.MonkeyPatch, call: int, lanes: bool
) -> None:
    """A delivery stands before a call, times out, is delivered again elsewhere and settled; then it wakes up."""
    monkeypatch.setattr(app, "settings", replace(processor.settings, lanes=lanes))
    records = make_batch(processor)
    asleep, awake = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        assert awake.wait(20)

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


@pytest.mark.parametrize("lanes", [True, False], ids=["lanes", "no lanes"])
def test_many_overlapping_deliveries_at_once(
    processor: Processor, monkeypatch: pytest.MonkeyPatch, lanes: bool
) -> None:
    monkeypatch.setattr(app, "settings", replace(processor.settings, lanes=lanes))
    records = make_batch(processor) + processor.store([make_record(f"more-{n}") for n in range(60)])
    with ThreadPoolExecutor(6) as pool:
        cuts = [records, records[3:], records[:40], records, records[20:], records]
        list(pool.map(processor.deliver_as_lambda, cuts))
    processor.settle()
    assert processor.find_faults() == []


# ── requests and counters out of the ordinary ────────────────────────────────────────────────────────────────────────


def delete(processor: Processor, request_id: str) -> None:
    """Delete a request, which nobody may."""
    processor.client.delete_item(TableName=processor.target.requests_table, Key={"requestId": {"S": request_id}})


def test_a_request_deleted_before_it_was_stamped_leaves_a_tombstone(processor: Processor) -> None:
    """Its number is given, and nobody has it: VOID keeps it, so that none is missing."""
    first, *records = processor.store([make_record("a"), *(make_record(name, received_at=LATER) for name in "bc")])
    delete(processor, "b")
    assert processor.deliver([first]) == []
    assert processor.deliver(records) == []
    assert sorted(processor.numbers().values()) == ["DONE 1", "DONE 3", "VOID 2"]
    assert processor.numbers()["c"] == "DONE 3"
    assert processor.find_faults() == []


def test_a_deleted_request_that_is_looked_at_takes_no_number(processor: Processor) -> None:
    """An old one, from before the counter's first commit: it is read before it is numbered."""
    records = processor.store([make_record(name) for name in "abc"])
    delete(processor, "b")
    assert processor.deliver(records) == []
    assert processor.numbers() == {"a": "DONE 1", "c": "DONE 2"}
    assert processor.find_faults() == []


@pytest.mark.parametrize(
    ("options", "code", "numbered"),
    [
        (None, "UnknownCounter", 0),
        ({"allocation": {"S": "direct"}}, "DirectCounter", 0),
        ({"increment": {"N": "0"}}, "UnusableCounter", 0),
        ({"capacity": {"N": "1"}}, "CounterExhausted", 1),
    ],
    ids=["unknown", "direct", "unusable", "exhausted"],
)
@pytest.mark.parametrize("lanes", [True, False], ids=["lanes", "no lanes"])
def test_refusals_for_reasons_of_the_counter(
    processor: Processor,
    monkeypatch: pytest.MonkeyPatch,
    lanes: bool,
    options: dict[str, Any] | None,
    code: str,
    numbered: int,
) -> None:
    """They hold up nobody, take no number, and stay when the batch comes again."""
    monkeypatch.setattr(app, "settings", replace(processor.settings, lanes=lanes))
    if options is not None:
        processor.create_counter("other", **options)
    records = processor.store([make_record(name, counter="other") for name in "abc"] + [make_record("d")])
    for _ in range(2):
        assert processor.deliver(records) == []
        assert processor.numbers()["d"] == "DONE 1"
        errors = [one["error"]["M"]["code"]["S"] for one in processor.items() if one["status"]["S"] == "FAILED"]
        assert errors == [code] * (3 - numbered)
    assert processor.find_faults() == []


def test_a_request_that_waits_never_expires(processor: Processor) -> None:
    """Not even one that is touched: only an answer has an end to its keeping."""
    processor.sick.add("a")
    processor.deliver(processor.store([make_record("a"), make_record("b")]))
    processor.sweep()
    assert ["ttl" in item for item in processor.items() if item["requestId"]["S"] == "a"] == [False]
