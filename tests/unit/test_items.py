"""A counter's item as operators, the console and the protocol write it; what is wrong with it is said, not guessed."""

from typing import Any

import pytest

from counter import Counter
from entry import Entry, Owners, lane_of
from items import BASE, LANE, from_entry, from_owners, to_counter, to_owners
from request import item_size

SHARD = lane_of("shard")
OWNERS = Owners(("a", "b"), (("c", "Rejected"),), (7, 300, 9))
INLINE = Entry(mark=10**38, base=40, committed_at=1_700_000_000, newest=300, owners=OWNERS)
JOURNALLED = Entry(mark=7, base=2, committed_at=1_700_000_000, newest=8, journal=b"\0" * 16)


def make_item(**attributes: Any) -> dict[str, Any]:
    return {"counterName": {"S": "c"}, "allocation": {"S": "stream"}} | attributes


def n(value: object) -> dict[str, str]:
    return {"N": str(value)}


def test_everything_of_a_counter_is_read() -> None:
    other = lane_of("another shard")
    item = make_item(
        value=n(42),
        start=n(-5),
        increment=n(-10),
        min=n(-1000),
        capacity=n(99),
        cycle={"BOOL": True},
        version=n(7),
        fence=n(3),
        verifyUntil=n(6),
        **{LANE + SHARD: from_entry(INLINE), BASE + SHARD: n(INLINE.base)},
        **{LANE + other: from_entry(JOURNALLED), BASE + other: n(JOURNALLED.base)},
    )
    assert to_counter("c", item) == Counter(
        "c",
        value=42,
        start=-5,
        increment=-10,
        capacity=99,
        cycle=True,
        version=7,
        fence=3,
        verify_until=6,
        lanes={SHARD: INLINE, other: JOURNALLED},
        size=item_size(item),
    )


def test_a_counter_typed_into_the_console_hands_out_its_numbers_directly() -> None:
    item = {"counterName": {"S": "c"}}
    assert to_counter("c", item) == Counter("c", allocation="direct", size=item_size(item))


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ({"increment": n(0)}, "increment is 0"),
        ({"start": {"S": "x"}}, "not a whole number"),
        ({"start": n("1.5")}, "not a whole number"),
        ({"value": {"NULL": True}}, "not a whole number"),
        ({"capacity": n("1e3x")}, "not a whole number"),
        ({"cycle": {"BOOL": True}, "capacity": n(0)}, "no numbers to give"),
    ],
)
def test_a_counter_that_cannot_number_has_a_fault_and_still_its_lanes(attributes: dict[str, Any], fault: str) -> None:
    """Its requests are refused, and that is journalled: the lanes have to be right whatever the options are."""
    ledger = {"version": n(7), "fence": n(3), LANE + SHARD: from_entry(INLINE), BASE + SHARD: n(INLINE.base)}
    counter = to_counter("c", make_item(**attributes, **ledger))
    assert fault in counter.fault
    assert (counter.version, counter.fence, counter.lanes) == (7, 3, {SHARD: INLINE})


def test_an_entry_that_points_to_the_journal_has_no_owners_of_its_own() -> None:
    assert "j" in from_entry(JOURNALLED)["M"]
    assert not {"a", "r", "w"} & from_entry(JOURNALLED)["M"].keys()


@pytest.mark.parametrize(
    ("owners", "names"),
    [
        (OWNERS, "arw"),
        (Owners(("a",), received=(0,)), "aw"),
        (Owners((), (("a", "Rejected"),), (1,)), "rw"),
        (Owners(("a",), (("b", "Rejected"),)), "ar"),  # as it was written before entries had times
        (Owners(()), ""),
    ],
)
def test_an_empty_list_is_not_stored(owners: Owners, names: str) -> None:
    stored = from_owners(owners)
    assert stored.keys() == set(names)
    assert to_owners(stored) == owners
