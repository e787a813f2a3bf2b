"""What a commit leaves on the counter comes back as it was, and is never larger than it was taken for."""

import uuid

from hypothesis import example, given
from hypothesis import strategies as st

from entry import CODES, NO_SHARD, Entry, Owners, entry_size, lane_of, pack_accepted, pack_refused, unpack_owners
from items import BASE, LANE, from_entry, to_entry
from request import item_size

SPELLINGS = (str, lambda one: str(one).upper(), lambda one: one.hex, lambda one: f"{{{one}}}", lambda one: one.urn)
canonical = st.uuids().map(str)
spelled = st.builds(lambda one, spell: spell(one), st.uuids(), st.sampled_from(SPELLINGS))
long = st.builds(lambda text, count: (text * count)[:2048], st.text("aé", min_size=1), st.integers(1, 2048))
ids = st.lists(st.one_of(canonical, spelled, st.text(), long), max_size=20) | st.lists(canonical, max_size=40)
refusals = st.lists(st.tuples(st.one_of(canonical, st.text()), st.sampled_from(CODES)), max_size=20)
owners = st.builds(lambda accepted, refused: Owners(tuple(accepted), tuple(refused)), ids, refusals)
ordinals = st.integers(0, 10**38 - 1)
times = st.integers(0, 10**13)
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
def test_the_owners_come_back_in_their_order_and_spelling(before: Owners) -> None:
    assert unpack_owners(pack_accepted(before), pack_refused(before)) == before


def test_a_canonical_uuid_takes_16_bytes_and_one_id_of_another_kind_makes_all_of_them_text() -> None:
    uuids = tuple(str(uuid.UUID(int=number)) for number in range(99))
    assert len(pack_accepted(Owners(uuids))) == 1 + 99 * 16
    assert len(pack_accepted(Owners((*uuids, "a")))) == 1 + 99 * (2 + 36) + 2 + 1


def test_a_code_that_work_has_made_up_is_kept_as_a_rejection() -> None:
    stored = unpack_owners(b"", pack_refused(Owners((), (("a", "NoStock"), ("b", "InvalidBody")))))
    assert stored == Owners((), (("a", "Rejected"), ("b", "InvalidBody")))


def test_nothing_stored_is_nobody() -> None:
    assert unpack_owners(b"", b"") == Owners(())


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
