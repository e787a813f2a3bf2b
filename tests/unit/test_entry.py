"""What a commit leaves on the counter comes back as it was, and is never larger than it was taken for."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entry import (
    CODES,
    NO_SHARD,
    TIME_BYTES,
    Entry,
    Owners,
    entry_size,
    lane_of,
    pack_accepted,
    pack_received,
    pack_refused,
    unpack_owners,
)
from items import BASE, LANE, from_entry, to_entry
from request import item_size
from tests.unit.records import RECEIVED

SPELLINGS = (str, lambda one: str(one).upper(), lambda one: one.hex, lambda one: f"{{{one}}}", lambda one: one.urn)
canonical = st.uuids().map(str)
spelled = st.builds(lambda one, spell: spell(one), st.uuids(), st.sampled_from(SPELLINGS))
long = st.builds(lambda text, count: (text * count)[:2048], st.text("aé", min_size=1), st.integers(1, 2048))
ids = st.lists(st.one_of(canonical, spelled, st.text(), long), max_size=20) | st.lists(canonical, max_size=40)
refusals = st.lists(st.tuples(st.one_of(canonical, st.text()), st.sampled_from(CODES)), max_size=20)
undated = st.builds(lambda accepted, refused: Owners(tuple(accepted), tuple(refused)), ids, refusals)
ordinals = st.integers(0, 10**38 - 1)
times = st.integers(0, 10**13)
moments = st.integers(0, 2 ** (8 * TIME_BYTES) - 1) | st.integers(RECEIVED, RECEIVED + 60_000)


def date(owners: Owners) -> st.SearchStrategy[Owners]:
    """The same, each received some time."""
    count = len(owners.ids)
    return st.lists(moments, min_size=count, max_size=count).map(lambda some: replace(owners, received=tuple(some)))


owners = undated | undated.flatmap(date)
entries = st.builds(
    Entry,
    mark=st.integers(0, 10**40),
    base=ordinals,
    committed_at=st.integers(0, 10**10),
    newest=times,
    owners=owners,
) | st.builds(
    Entry,
    mark=st.integers(0, 10**40),
    base=ordinals,
    committed_at=st.integers(0, 10**10),
    newest=times,
    journal=st.binary(min_size=16, max_size=16),
)


@given(owners)
@example(Owners(("",)))
@example(Owners(("", ""), (("", "Unprocessable"),)))
@example(Owners(("\0" * 16, "é" * 1024)))
@example(Owners((str(uuid.UUID(int=0)),), ((str(uuid.UUID(int=2**128 - 1)), "Rejected"),)))
@example(Owners(tuple("abcdef"), received=(16_384, 16_383, 128, 127, 1, 0)))
@example(Owners(("a",), (("b", "Rejected"),), (2 ** (8 * TIME_BYTES) - 1, 0)))
def test_the_owners_come_back_in_their_order_and_spelling_each_with_its_time(before: Owners) -> None:
    assert unpack_owners(pack_accepted(before), pack_refused(before), pack_received(before)) == before


def test_a_canonical_uuid_takes_16_bytes_and_one_id_of_another_kind_makes_all_of_them_text() -> None:
    uuids = tuple(str(uuid.UUID(int=number)) for number in range(99))
    assert len(pack_accepted(Owners(uuids))) == 1 + 99 * 16
    assert len(pack_accepted(Owners((*uuids, "a")))) == 1 + 99 * (2 + 36) + 2 + 1


@pytest.mark.parametrize(("span", "size"), [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3)])
def test_what_comes_in_together_takes_a_byte_or_two_for_each_time(span: int, size: int) -> None:
    """span: ms between the first and all the others. Two bytes reach 16 s, three more than half an hour."""
    owners = Owners(tuple(str(place) for place in range(99)), received=(RECEIVED, *[RECEIVED + span] * 98))
    assert len(pack_received(owners)) == 6 + 1 + 98 * size


def test_a_code_that_work_has_made_up_is_kept_as_a_rejection() -> None:
    stored = unpack_owners(b"", pack_refused(Owners((), (("a", "NoStock"), ("b", "InvalidBody")))))
    assert stored == Owners((), (("a", "Rejected"), ("b", "InvalidBody")))


def test_nothing_stored_is_nobody() -> None:
    assert unpack_owners(b"", b"") == Owners(())


@given(undated)
def test_owners_that_were_stored_without_times_have_none(before: Owners) -> None:
    assert pack_received(before) == b""
    after = unpack_owners(pack_accepted(before), pack_refused(before))
    assert after.requests == tuple((one, None) for one in before.ids)


@given(entries)
def test_an_entry_comes_back_from_its_attributes(before: Entry) -> None:
    after = to_entry(from_entry(before), {"N": str(before.base)})
    assert after == before


@given(entries)
def test_an_entry_is_taken_for_its_size_or_a_little_more(entry: Entry) -> None:
    lane = lane_of("shardId-00000001700000000000-0a1b2c3d")
    size = item_size({LANE + lane: from_entry(entry), BASE + lane: {"N": str(entry.base)}})
    assert size <= entry_size(entry, lane) <= size + 48


def test_a_lane_is_8_characters_for_each_shard() -> None:
    lanes = {lane_of(f"shardId-{number:020}-0a1b2c3d") for number in range(1000)} | {lane_of("")}
    assert len(lanes) == 1001
    assert {len(lane) for lane in lanes} == {8}
    assert lane_of(None) == NO_SHARD
