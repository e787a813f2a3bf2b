"""Each condition on a counter, on a real engine: when it holds, when it does not, and what is written when it does."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from counter import Counter
from entry import Entry, Owners, lane_of
from items import BASE, LANE, from_entry
from memory import Known
from operations import Commit, Committed, Prune, PutJournal, RaiseFence, ReadCounter, ReadJournals
from store import Tables
from tests.unit.worker import COUNTERS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HERE, OTHER = lane_of("shard"), lane_of("another shard")
BEFORE = Entry(mark=10, base=5, committed_at=1_700_000_000, newest=100, owners=Owners(("a", "b"), received=(99, 100)))
OWNERS = Owners(("c", "d"), (("e", "Rejected"),), (150, 200, 190))
ENTRY = Entry(mark=10**40, base=0, committed_at=1_700_000_060, newest=200, owners=OWNERS)
KNOWN = Known(mark=10, fence=2, version=4, newest=100, verify_until=50, rest=0, alone=True, last=None)

Item = dict[str, Any]
Store = Callable[..., Item]


def n(value: int) -> Item:
    return {"N": str(value)}


def in_lane(lane: str, entry: Entry) -> Item:
    return {LANE + lane: from_entry(entry), BASE + lane: n(entry.base)}


@pytest.fixture
def store(client: "DynamoDBClient") -> Store:
    """Puts the counter c as KNOWN has it, but for the attributes that are given; None leaves one out."""

    def put(**changes: Any) -> Item:
        item = {
            "counterName": {"S": "c"},
            "allocation": {"S": "stream"},
            "value": n(7),
            "version": n(4),
            "fence": n(2),
            "verifyUntil": n(50),
            **in_lane(HERE, BEFORE),
        }
        item = {name: value for name, value in (item | changes).items() if value is not None}
        client.put_item(TableName=COUNTERS, Item=item)
        return item

    return put


def make_commit(known: Known = KNOWN, **changes: Any) -> Commit:
    usual: dict[str, Any] = {"taken": 2, "raises_fence": False, "verify_until": None, "create": False}
    return Commit("c", HERE, known, ENTRY, **usual | changes)


Perform = Callable[[Any], Any]
NO_LANE = {LANE + HERE: None, BASE + HERE: None}
NEW = {"value": None, "version": None, "fence": None, "verifyUntil": None, **NO_LANE}
NEVER_COMMITTED = Known(None, None, None, 0, None, 0, alone=True, last=None)


@pytest.mark.parametrize(
    ("known", "stored", "holds"),
    [
        (KNOWN, {}, True),
        (KNOWN, in_lane(HERE, replace(BEFORE, mark=11)), False),
        (KNOWN, in_lane(HERE, replace(BEFORE, mark=9)), False),
        (KNOWN, NO_LANE, False),
        (replace(KNOWN, mark=None), NO_LANE, True),
        (replace(KNOWN, mark=None), {}, False),
        (KNOWN, {"fence": n(3)}, False),
        (KNOWN, {"fence": n(1)}, False),  # the counter was deleted, and made again
        (KNOWN, {"fence": None}, False),
        (replace(KNOWN, fence=None), {"fence": None}, True),
        (replace(KNOWN, fence=None), {}, False),
        (KNOWN, {"version": n(99), **in_lane(OTHER, BEFORE)}, True),  # other lanes are nothing to it
        (NEVER_COMMITTED, NEW, True),
    ],
)
def test_a_commit_depends_on_its_lane_and_the_fence(
    store: Store, perform: Perform, known: Known, stored: Item, holds: bool
) -> None:
    store(**stored)
    assert perform(make_commit(known)).done is holds


@pytest.mark.parametrize(
    ("known", "stored", "holds"),
    [
        (KNOWN, {}, True),
        (KNOWN, {"version": n(5)}, False),
        (KNOWN, {"version": n(3)}, False),
        (KNOWN, {"version": None}, False),
        (NEVER_COMMITTED, NEW, True),
        (NEVER_COMMITTED, {}, False),
    ],
)
def test_a_commit_that_raises_the_fence_depends_on_every_lane(
    store: Store, perform: Perform, known: Known, stored: Item, holds: bool
) -> None:
    store(**stored)
    assert perform(make_commit(known, raises_fence=True)).done is holds


@pytest.mark.parametrize(("value", "holds"), [(None, True), (7, True), (8, True), (9, False), (10, False)])
def test_a_commit_leaves_a_counters_last_number_where_it_is(
    store: Store, perform: Perform, value: int | None, holds: bool
) -> None:
    store(value=None if value is None else n(value))
    assert perform(make_commit(replace(KNOWN, last=10))).done is holds


def test_refusals_need_no_room(store: Store, perform: Perform) -> None:
    store(value=n(10))
    answer = perform(make_commit(replace(KNOWN, last=10), taken=0))
    assert (answer.done, answer.counter.value) == (True, 10)


def test_a_commit_says_who_owns_what_from_where_the_counter_was(store: Store, perform: Perform) -> None:
    store(value=n(10**20), **in_lane(OTHER, BEFORE))
    answer = perform(make_commit(verify_until=70, raises_fence=True))
    counter = answer.counter
    assert (counter.value, counter.version, counter.fence, counter.verify_until) == (10**20 + 2, 5, 3, 70)
    assert counter.lanes == {HERE: replace(ENTRY, base=10**20), OTHER: BEFORE}
    assert perform(ReadCounter("c")) == counter


def test_a_commit_of_one_lane_leaves_fence_and_suspicion_alone(store: Store, perform: Perform) -> None:
    store()
    counter = perform(make_commit()).counter
    assert (counter.version, counter.fence, counter.verify_until) == (5, 2, 50)


def test_a_refused_commit_shows_what_stands_in_its_way_and_changes_nothing(store: Store, perform: Perform) -> None:
    store(fence=n(3))
    answer = perform(make_commit())
    assert not answer.done
    assert answer.counter == perform(ReadCounter("c"))
    assert (answer.counter.value, answer.counter.lanes) == (7, {HERE: BEFORE})


def test_a_counter_is_made_once_and_by_none_but_its_first_commit(perform: Perform) -> None:
    assert perform(make_commit(NEVER_COMMITTED)) == Committed(False, None)
    created = perform(make_commit(NEVER_COMMITTED, create=True, verify_until=70))
    assert created.done
    expected = Counter("c", 2, version=1, fence=0, verify_until=70, lanes={HERE: ENTRY}, size=created.counter.size)
    assert created.counter == expected
    assert not perform(make_commit(NEVER_COMMITTED, create=True)).done


def test_a_counter_that_was_deleted_is_not_made_again_by_who_remembers_it(perform: Perform) -> None:
    assert perform(make_commit()) == Committed(False, None)


def test_refusals_are_journalled_on_a_counter_whose_value_is_no_number(store: Store, perform: Perform) -> None:
    store(value={"S": "seven"})
    assert perform(ReadCounter("c")).fault
    answer = perform(make_commit(taken=0))
    assert answer.done
    assert answer.counter.lanes[HERE].owners == ENTRY.owners


def test_the_same_commit_again_is_refused_and_shows_itself(store: Store, perform: Perform) -> None:
    """Its answer was lost: everything that a worker needs to go on is in what it is shown."""
    store()
    first, again = perform(make_commit()), perform(make_commit())
    assert (first.done, again.done) == (True, False)
    assert again.counter == first.counter


# ── pruning and the fence ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stored", "verify_until", "done", "after"),
    [
        ({}, 40, True, 50),
        ({}, 50, True, 50),
        ({}, 60, True, 60),
        ({"verifyUntil": None}, 60, True, 60),
        (in_lane(HERE, replace(BEFORE, mark=11)), 60, False, 50),
        (NO_LANE, 60, False, 50),
        ({"fence": n(3)}, 60, False, 50),
        ({"version": n(99)}, 60, True, 60),
    ],
)
def test_a_lane_is_forgotten_if_nobody_has_moved_it_or_looked(
    store: Store, perform: Perform, stored: Item, verify_until: int, done: bool, after: int
) -> None:
    store(**stored, **in_lane(OTHER, BEFORE))
    before = perform(ReadCounter("c"))
    assert perform(Prune("c", HERE, 10, 2, verify_until)) is done
    counter = perform(ReadCounter("c"))
    assert counter.verify_until == after
    assert (counter.version, counter.fence) == (before.version + done, before.fence + done)
    assert counter.value == 7
    assert counter.lanes == ({OTHER: BEFORE} if done else before.lanes)


def test_the_fence_goes_up_and_nothing_else_moves(store: Store, perform: Perform) -> None:
    store()
    before = perform(ReadCounter("c"))
    assert perform(RaiseFence("c")) == replace(before, version=5, fence=3)
    assert perform(RaiseFence("c")) == perform(ReadCounter("c")) == replace(before, version=6, fence=4)


def test_a_counter_that_is_not_there_has_no_fence_and_is_not_made(perform: Perform) -> None:
    assert perform(RaiseFence("c")) is None
    assert perform(Prune("c", HERE, 10, 2, 60)) is False
    assert perform(ReadCounter("c")) is None


# ── the journal ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_journal_holds_who_owns_what(client: "DynamoDBClient", perform: Perform) -> None:
    keys = [bytes([place]) * 16 for place in range(120)]
    owners = [Owners((f"id {place}",), (("é", "InvalidBody"),), (place, 200)) for place in range(120)]
    for key, one in zip(keys, owners, strict=True):
        perform(PutJournal(key, one))
    gone = b"\xff" * 16
    assert perform(ReadJournals((*keys, gone))) == dict(zip(keys, owners, strict=True))
    items = client.scan(TableName="test-JournalTable")["Items"]
    assert all(int(item["ttl"]["N"]) > 1_700_000_000 for item in items)


def test_every_counter_is_listed_however_many_there_are(client: "DynamoDBClient", tables: Tables) -> None:
    names = {f"counter {place}" for place in range(30)}
    for name in names:
        padding = {"S": "x" * 50_000}  # a page of a scan has 1 MB
        client.put_item(TableName=COUNTERS, Item={"counterName": {"S": name}, "padding": padding})
    assert set(tables.counters.list_names()) == names
