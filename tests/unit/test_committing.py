"""What a commit carries and what goes into the journal, how far suspicion is raised, and how batches are cut."""

from dataclasses import replace
from itertools import count

import pytest

from batch import JOURNAL_IDS, Rules, cut_runs
from entry import Entry, Owners, entry_size
from memory import Known, Memory
from numbering import (
    CLOCK_SKEW,
    choose_verify_until,
    fits,
    number_records,
)
from operations import (
    Commit,
    Committed,
    PutJournal,
    ReadCounter,
)
from tests.unit.batches import LANE, OLD, OTHER, STAMPED, YES, make_counter, make_warm, number
from tests.unit.records import RECEIVED, SHARD, make_request
from tests.unit.script import NOW, Script, committed, follow


def test_ids_that_make_the_counter_dearer_are_journalled_before_the_commit() -> None:
    counter = make_counter(0, size=900, lanes={OTHER: Entry(1, 0, 0, 0, owners=Owners(("x",)))})
    requests = [make_request(f"{number:036}") for number in range(30)]
    owners = Owners(tuple(one.request_id for one in requests), received=(RECEIVED,) * 30)
    script: Script = [
        *[YES] * 30,
        (PutJournal(b"journal key 0001", owners), None),
        (Commit, committed(counter)),
        STAMPED,
    ]
    commit = number(requests, *script, memory=make_warm(counter)).the(Commit)
    assert (commit.entry.journal, commit.entry.owners) == (b"journal key 0001", None)


def test_every_attempt_has_a_journal_item_of_its_own() -> None:
    """One that was written may belong to a commit that was carried out: it is never written over."""
    counter = make_counter(0, size=2000, lanes={OTHER: Entry(1, 0, 0, 0, owners=Owners(("x",)))})
    stands = replace(counter, version=2)
    keys = (bytes([place]) * 16 for place in count())
    rules = Rules("requests", now=lambda: NOW, new_key=lambda: next(keys))
    script: Script = [
        YES,
        (PutJournal, None),
        (Commit, Committed(False, stands)),
        (PutJournal, None),
        (Commit, committed(stands)),
        STAMPED,
    ]
    conversation = follow(number_records([make_request("a")], SHARD, make_warm(counter), rules), *script)
    put = [one.key for one in conversation.asked if isinstance(one, PutJournal)]
    pointed_to = [one.entry.journal for one in conversation.asked if isinstance(one, Commit)]
    assert put == pointed_to == [bytes(16), b"\1" * 16]


def sized(rest: int, *, alone: bool) -> Known:
    return Known(1, 0, 1, 0, OLD, rest, alone=alone, last=None)


@pytest.mark.parametrize(
    ("ids", "rest", "alone", "inline"),
    [
        (10, 300, False, True),  # 1 KB is written for the price of 1 byte
        (10, 900, False, False),  # every other lane would pay for it
        (10, 900, True, True),  # one unit more, which the journal would cost as well, and a call
        (99, 300, True, True),
        (99, 300, False, False),
    ],
)
def test_ids_are_inline_while_that_costs_no_more(ids: int, rest: int, alone: bool, inline: bool) -> None:
    uuids = tuple(f"00000000-0000-4000-8000-{place:012}" for place in range(ids))
    owners = Owners(uuids, received=tuple(range(RECEIVED, RECEIVED + ids)))
    assert fits(Entry(1, 0, 0, 0), owners, LANE, sized(rest, alone=alone)) is inline


def test_the_last_byte_that_is_free_is_used() -> None:
    entry, owners = Entry(1, 0, 0, 0), Owners(("a",))
    room = 1024 - entry_size(replace(entry, owners=owners), LANE)
    assert fits(entry, owners, LANE, sized(room, alone=False))
    assert not fits(entry, owners, LANE, sized(room + 1, alone=False))


@pytest.mark.parametrize(
    ("outside", "verify_until", "chosen"),
    [
        ([], 100, None),
        ([99, 100], 100, None),
        ([50, 101], 100, 101),
        ([], None, NOW + CLOCK_SKEW),
        ([NOW + CLOCK_SKEW + 1], None, NOW + CLOCK_SKEW + 1),
    ],
)
def test_suspicion_only_rises(outside: list[int], verify_until: int | None, chosen: int | None) -> None:
    known = replace(sized(0, alone=True), verify_until=verify_until)
    assert choose_verify_until(outside, known, NOW) == chosen


def test_an_entry_knows_the_newest_request_that_its_lane_has_ever_decided_on() -> None:
    """Should the lane be pruned, what was received up to then has no mark any more, and has to be looked up."""
    counter = make_counter(7)
    for newest, kept in ((RECEIVED + 1, RECEIVED + 1), (RECEIVED - 1, RECEIVED)):
        memory = Memory()
        memory.keep("requests", LANE, replace(Known.of(counter, LANE), newest=newest))
        conversation = number([make_request("a")], YES, (Commit, committed(counter)), STAMPED, memory=memory)
        assert conversation.the(Commit).entry.newest == kept


def test_a_batch_is_cut_into_runs_whose_ids_one_journal_item_holds() -> None:
    requests = [make_request("é" * 1000 + str(place)) for place in range(400)]
    runs = list(cut_runs(requests))
    assert [one for run in runs for one in run] == requests
    assert len(runs) == 3
    assert all(sum(len(one.request_id.encode()) for one in run) < JOURNAL_IDS for run in runs)


def test_a_run_that_fails_stops_those_behind_it() -> None:
    requests = [make_request(f"{place}" + "x" * 2000) for place in range(200)]
    first, second = cut_runs(requests)
    down = ConnectionError("down")
    report = number(requests, (ReadCounter, down)).result
    assert report.failures == [(first[0], down)]
    assert second[0] not in [request for request, _ in report.failures]
