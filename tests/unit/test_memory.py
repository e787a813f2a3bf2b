"""What a worker knows travels as JSON, grows no further than a window's state may, and never goes back."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter import Counter
from entry import Entry, Owners, entry_size, lane_of
from memory import LONGEST_NAME, MOST_LANES, Known, Memory

LANE = lane_of("shard")
KNOWN = Known(mark=10, fence=3, version=7, newest=5, verify_until=4, rest=200, alone=True, last=None)
WINDOW_BYTES = 1_048_576  # of a tumbling window's state, as Lambda documents it

large = st.integers(0, 10**40)
maybe = st.none() | large
known = st.builds(Known, maybe, maybe, maybe, large, maybe, large, st.booleans(), maybe)


@given(st.dictionaries(st.text(max_size=20), known, max_size=5))
def test_what_is_known_survives_the_way_through_json(lanes: dict[str, Known]) -> None:
    before, after = Memory(), Memory()
    for counter, one in lanes.items():
        before.keep(counter, LANE, one)
    # Lambda hands the state on as JSON, and a reader may hold numbers as doubles.
    after.add_state(json.loads(json.dumps(before.to_state(LANE)), parse_int=float), LANE)
    assert {counter: after.recall(counter, LANE) for counter in lanes} == lanes


def test_a_lane_is_known_by_its_own_name_only() -> None:
    memory = Memory()
    memory.keep("c", LANE, KNOWN)
    assert memory.recall("c", lane_of("another shard")) is None
    assert memory.recall("d", LANE) is None
    assert memory.to_state(lane_of("another shard")) == {}


def test_the_largest_state_fits_a_window() -> None:
    memory = Memory()
    largest = Known(10**40, 10**38, 10**38, 10**13, 10**13, 409_600, alone=False, last=10**38)
    for number in range(MOST_LANES * 2):
        memory.keep(f"{number:04}" + "\U0001f9fe" * (LONGEST_NAME - 4), LANE, largest)
    state = memory.to_state(LANE)
    assert len(state) == MOST_LANES
    assert len(json.dumps(state)) < WINDOW_BYTES


def test_what_was_of_no_use_for_longest_is_forgotten() -> None:
    memory = Memory()
    for number in range(MOST_LANES):
        memory.keep(str(number), LANE, KNOWN)
    memory.keep("0", LANE, replace(KNOWN, mark=11))
    memory.keep("one more", LANE, KNOWN)
    assert memory.recall("0", LANE) == replace(KNOWN, mark=11)
    assert memory.recall("1", LANE) is None
    assert memory.recall("2", LANE) == KNOWN


def test_a_counter_with_a_very_long_name_is_looked_at_every_time() -> None:
    memory = Memory()
    memory.keep("x" * (LONGEST_NAME + 1), LANE, KNOWN)
    assert memory.recall("x" * (LONGEST_NAME + 1), LANE) is None


@pytest.mark.parametrize(
    ("here", "handed", "better"),
    [
        (KNOWN, replace(KNOWN, mark=11), "handed"),
        (KNOWN, replace(KNOWN, mark=9), "here"),
        (KNOWN, replace(KNOWN, mark=None), "here"),
        (KNOWN, replace(KNOWN, fence=4, mark=1), "handed"),
        (KNOWN, replace(KNOWN, fence=2, mark=99), "here"),
        (replace(KNOWN, fence=None), KNOWN, "handed"),
    ],
)
def test_of_two_the_later_is_kept(here: Known, handed: Known, better: str) -> None:
    other, memory = Memory(), Memory()
    memory.keep("c", LANE, here)
    other.keep("c", LANE, handed)
    memory.add_state(other.to_state(LANE), LANE)
    assert memory.recall("c", LANE) == (handed if better == "handed" else here)


def test_known_of_a_counter_is_all_that_a_commit_asks_for() -> None:
    entry = Entry(mark=10, base=5, committed_at=0, newest=8, owners=Owners(("a",)))
    counter = Counter("c", 6, capacity=9, version=4, fence=2, verify_until=7, lanes={LANE: entry}, size=500)
    rest = 500 - entry_size(entry, LANE)
    assert Known.of(counter, LANE) == Known(10, 2, 4, 8, 7, rest, alone=True, last=9)
    other = lane_of("another shard")
    assert Known.of(counter, other) == Known(None, 2, 4, 0, 7, 500, alone=False, last=9)
