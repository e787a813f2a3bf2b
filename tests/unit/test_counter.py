"""Which number an ordinal is, where a counter ends, and what it says when it cannot number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter import NUMBER_LIMIT, Counter, explain, is_possible, refuse_for_counter
from request import MESSAGE_LIMIT

LARGEST = NUMBER_LIMIT - 1
starts = st.integers(-LARGEST, LARGEST)
increments = st.one_of(st.integers(-1000, 1000), starts).filter(bool)


@pytest.mark.parametrize(
    ("counter", "ordinal", "number"),
    [
        (Counter("c"), 1, 1),
        (Counter("c", start=1000, increment=5), 3, 1010),
        (Counter("c", start=-1, increment=-1), 4, -4),
        (Counter("c", start=0, increment=7, capacity=9), 9, 56),
        (Counter("c", start=10**37), 10, 10**37 + 9),
        (Counter("c", capacity=3, cycle=True), 3, 3),
        (Counter("c", capacity=3, cycle=True), 4, 1),
        (Counter("c", start=10, increment=-10, capacity=2, cycle=True), 10**20, 0),
        (Counter("c", capacity=1, cycle=True), 77, 1),
    ],
)
def test_an_ordinal_is_mapped_to_a_number(counter: Counter, ordinal: int, number: int) -> None:
    assert counter.number(ordinal) == number


@given(starts, increments)
def test_the_last_number_is_one_that_dynamodb_can_hold_and_the_next_is_not(start: int, increment: int) -> None:
    counter = Counter("c", start=start, increment=increment)
    assert counter.last is not None
    assert abs(counter.number(counter.last)) <= LARGEST
    assert abs(counter.number(counter.last + 1)) > LARGEST


@given(starts, increments, st.integers(1, 10**39))
def test_a_capacity_ends_a_counter_before_that(start: int, increment: int, capacity: int) -> None:
    free = Counter("c", start=start, increment=increment).last
    bounded = Counter("c", start=start, increment=increment, capacity=capacity).last
    assert free is not None
    assert bounded == min(free, capacity)


@pytest.mark.parametrize(
    ("counter", "last"),
    [
        (Counter("c", start=LARGEST), 1),
        (Counter("c", start=10**38), 0),
        (Counter("c", start=-LARGEST, increment=-1), 1),
        (Counter("c", start=LARGEST - 1, increment=3), 1),
        (Counter("c", capacity=0), 0),
        (Counter("c", capacity=9, cycle=True), None),
        (Counter("c", start=LARGEST, cycle=True), 1),
    ],
)
def test_where_a_counter_ends(counter: Counter, last: int | None) -> None:
    assert counter.last == last


@pytest.mark.parametrize(
    ("counter", "code", "words"),
    [
        (Counter("c", fault="its increment is 0"), "UnusableCounter", "its increment is 0"),
        (Counter("c", allocation="direct"), "DirectCounter", "directly"),
        (Counter("c", allocation="direct", fault="a fault"), "UnusableCounter", "a fault"),
    ],
)
def test_a_counter_that_cannot_number_says_why(counter: Counter, code: str, words: str) -> None:
    refusal = refuse_for_counter(counter)
    assert refusal is not None
    assert refusal.code == code
    assert words in refusal.message
    assert "'c'" in refusal.message


def test_a_sound_counter_refuses_nothing() -> None:
    assert refuse_for_counter(Counter("c")) is None


@pytest.mark.parametrize("name", ["x" * 2048, "\x00" * 2048, "'\"\\"])
def test_a_name_of_any_kind_and_length_leaves_room_for_the_reason(name: str) -> None:
    message = explain(name, "CounterExhausted").message
    assert message.endswith("has handed out its last number")
    if name == "x" * 2048:
        assert len(message) < MESSAGE_LIMIT


@pytest.mark.parametrize(
    ("name", "possible"),
    [("", False), ("c", True), ("x" * 2048, True), ("x" * 2049, False), ("é" * 1024, True), ("é" * 1025, False)],
)
def test_a_name_is_one_that_a_key_can_be(name: str, possible: bool) -> None:
    assert is_possible(name) is possible
