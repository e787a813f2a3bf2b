"""The real handler on a real engine: a crash before and after each call, and then what Lambda does."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.faults.batches import ACCEPTED, BATCHES, ENDS, POISON, REDELIVERIES, REJECTED, REPEATED, UNREADABLE
from tests.faults.conftest import LATER, Processor, Records
from tests.faults.injection import MOMENTS, Crash, crash
from tests.unit.records import RECEIVED, make_record

BODIES = {REJECTED: '{"lines": []}', UNREADABLE: "not json"}
# At operation level, and fast, the complete product is in test_boundaries.py.
IN_PLAIN_RUN: dict[str, tuple[str, ...]] = {
    "accepted": ("whole",),
    "rejected, accepted": ("suffix",),
    "five": REDELIVERIES,
    "ninety-nine": ("older",),
}


@dataclass
class Run:
    """One counter's requests: those of a batch that goes before, the batch, and those that come behind it."""

    earlier: Records
    batch: Records
    later: Records
    ends: dict[str, str]


def make_run(processor: Processor, counter: str, kinds: list[str]) -> Run:
    """Put a counter and its requests, with an id that says where each is from; the batch's poison is sick."""
    processor.create_counter(counter)
    ends: dict[str, str] = {}

    def make(place: str, kind: str) -> dict[str, Any]:
        request_id = f"{counter} {place}"
        if kind == REPEATED:
            request_id = next(one for one in reversed(ends) if ends[one] == "DONE")
        if kind == POISON:
            processor.sick.add(request_id)
        ends[request_id] = ENDS[kind]
        event = "MODIFY" if kind == REPEATED else "INSERT"
        received_at = RECEIVED if place.startswith("earlier") else LATER
        return make_record(
            request_id, BODIES.get(kind, "{}"), counter=counter, event_name=event, received_at=received_at
        )

    earlier = [make(f"earlier {place}", ACCEPTED) for place in range(2)]
    batch = [make(f"{place}", kind) for place, kind in enumerate(kinds)]
    later = [make(f"later {place}", ACCEPTED) for place in range(2)]
    processor.store(earlier + batch + later)
    return Run(earlier, batch, later, ends)


def redeliver(processor: Processor, run: Run, how: str) -> None:
    """Deliver what has crashed again: as it was, cut elsewhere, moved on, or from a checkpoint before it."""
    if how == "suffix":
        processor.deliver_as_lambda(run.batch[len(run.batch) // 2 :])
    elif how == "shifted":
        processor.deliver_as_lambda(run.batch[1:] + run.later[:1])
    elif how == "older":
        processor.deliver_as_lambda(run.earlier + run.batch)
    processor.deliver_as_lambda(run.batch)
    processor.deliver_as_lambda(run.later)


def crash_everywhere(
    processor: Processor, kinds: list[str], redeliveries: tuple[str, ...], *, warm: bool
) -> Iterator[Run]:
    """A run for every call of the batch's delivery and both of its moments, and for each way to deliver it again."""
    for call in count():
        for moment in MOMENTS:
            for how in redeliveries:
                run = make_run(processor, f"{call} {moment} {how}", kinds)
                processor.restart()
                processor.states.clear()
                if warm:
                    processor.deliver_as_lambda(run.earlier)
                processor.faults.clear()
                processor.faults.plan[call, moment] = crash
                try:
                    processor.deliver(run.batch)
                except Crash:
                    processor.restart()
                happened = processor.faults.happened
                processor.faults.clear()
                if not happened:
                    return
                redeliver(processor, run, how)
                yield run


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize(
    ("name", "redeliveries"),
    [
        *(pytest.param(name, hows, id=name) for name, hows in IN_PLAIN_RUN.items()),
        *(pytest.param(name, REDELIVERIES, marks=pytest.mark.everything, id=f"all of {name}") for name in BATCHES),
    ],
)
def test_a_crash_at_every_boundary_and_every_redelivery(
    processor: Processor, name: str, redeliveries: tuple[str, ...], warm: bool
) -> None:
    """Before a call or after it, its answer lost; the process is gone, and the batch comes again."""
    runs = list(crash_everywhere(processor, BATCHES[name], redeliveries, warm=warm))
    makes_no_call = warm and BATCHES[name][0] == POISON
    assert makes_no_call or len(runs) >= 2 * 2 * len(redeliveries), "a commit and a stamp, before and after"
    processor.settle()
    assert processor.find_faults() == []
    ends = {one: text.split()[0] for one, text in processor.numbers().items()}
    assert {one: ends[one] for run in runs for one in run.ends} == {
        one: end for run in runs for one, end in run.ends.items()
    }
