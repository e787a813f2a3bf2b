"""The set of ordinals, against Python's own."""

from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from gapless.audit.ordinals import CHUNK, Ordinals, count_runs, split_runs, without

EDGES = st.sampled_from([1, 2, 7, 8, 9, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 1])
ORDINALS = st.lists(st.integers(1, 60) | EDGES)


def spread(runs: list[tuple[int, int]]) -> list[int]:
    """Runs one by one."""
    return list(chain.from_iterable(range(first, last + 1) for first, last in runs))


@settings(deadline=None, max_examples=50)
@given(ORDINALS, st.integers(0, 80) | EDGES)
def test_it_is_a_set(ordinals: list[int], last: int) -> None:
    bits = Ordinals()
    expected: set[int] = set()
    for one in ordinals:
        assert bits.add(one) == (one not in expected)
        expected.add(one)
    assert all(one in bits for one in expected)
    assert bits.highest == max(expected, default=0)
    assert set(spread(list(bits.missing(last)))) == set(range(1, last + 1)) - expected
    assert list(bits.above(last)) == sorted(one for one in expected if one > last)


@given(ORDINALS, st.sets(st.integers(1, 90)), st.integers(1, 90))
def test_runs_are_cut_and_counted(ordinals: list[int], left_out: set[int], at: int) -> None:
    bits = Ordinals()
    for one in ordinals:
        bits.add(one)
    runs = list(bits.missing(80))
    rest = list(without(runs, sorted(left_out)))
    assert spread(rest) == [one for one in spread(runs) if one not in left_out]
    below, above = split_runs(rest, at)
    assert spread(below) == [one for one in spread(rest) if one < at]
    assert spread(above) == [one for one in spread(rest) if one >= at]
    assert count_runs(runs) == len(spread(runs))


def test_ten_million_in_a_row_take_little_room_and_far_ones_are_found() -> None:
    bits = Ordinals()
    for one in (1, 10**37):
        bits.add(one)
    assert list(bits.missing(10**37)) == [(2, 10**37 - 1)]
    assert sum(map(len, bits._chunks.values())) == 2 * CHUNK // 8
