"""Which requests are taken to wait without a look, which are looked up, and where."""

import pytest

from batch import Batch
from counter import Counter
from entry import NO_SHARD, Entry, Owners, lane_of
from memory import Known
from operations import ReadJournals, ReadStates
from request import DONE, FAILED, PENDING, Request
from stamping import MissingJournal
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import Script, follow, raised_by
from verification import verify

LANE, OTHER = lane_of("shard"), lane_of("another shard")
KEY = b"journal key 0001"


def know(mark: int | None = None, verify_until: int | None = 0) -> Known:
    """Knowledge of a lane under whose mark everything is applied."""
    return Known(mark, 0, 0, 0, verify_until, 0, alone=True, last=None)


def make_batch(*requests: Request, lane: str = LANE) -> Batch:
    return Batch("requests", lane, requests)


def make_counter(**lanes: Entry) -> Counter:
    return Counter("requests", lanes=lanes)


def own(*ids: str, received_at: int = RECEIVED) -> Entry:
    return Entry(1, 0, 0, 0, owners=Owners(ids, received=(received_at,) * len(ids)))


def point_to(journal: bytes) -> Entry:
    return Entry(1, 0, 0, 0, journal=journal)


def look_up(*requests: Request) -> ReadStates:
    """Each by its id and its time."""
    return ReadStates(tuple(one.request_id for one in requests), tuple(one.received_at for one in requests))


def test_new_requests_beyond_the_mark_wait_and_nothing_is_read() -> None:
    a, b, c = (make_request(one) for one in "abc")
    assert follow(verify(make_batch(a, b, c), None, know(mark=b.sequence))).result == [c]
    assert follow(verify(make_batch(a, b, c), None, know(mark=None))).result == [a, b, c]


def test_an_id_is_taken_once_a_batch_and_where_it_came_first() -> None:
    a, b = make_request("a"), make_request("b")
    again = make_request("a", event_name="MODIFY", resends=1)
    batch = make_batch(a, b, again)
    assert follow(verify(batch, None, know()), (look_up(a), {"a": PENDING})).result == [a, b]


@pytest.mark.parametrize("state", [DONE, FAILED, None])
def test_a_request_that_was_sent_again_waits_only_if_it_is_pending(state: str | None) -> None:
    a, b = make_request("a", event_name="MODIFY", resends=1), make_request("b")
    states = {"a": state} if state else {}
    assert follow(verify(make_batch(a, b), None, know()), (look_up(a), states)).result == [b]


def test_what_was_received_before_anybody_looked_is_looked_up() -> None:
    early, exactly, late = (make_request(one, received_at=at) for one, at in (("a", 99), ("b", 100), ("c", 101)))
    steps = verify(make_batch(early, exactly, late), None, know(verify_until=100))
    assert follow(steps, (look_up(early, exactly), {"a": DONE, "b": PENDING})).result == [exactly, late]


def test_everything_is_looked_up_of_a_counter_that_has_not_committed_yet() -> None:
    a = make_request("a")
    steps = verify(make_batch(a), Counter("requests"), know(verify_until=None))
    assert follow(steps, (look_up(a), {"a": PENDING})).result == [a]


def test_all_is_looked_up_when_the_shards_share_a_lane_and_the_mark_drops_nothing() -> None:
    a, b = make_request("a"), make_request("b")
    steps = verify(make_batch(a, b, lane=NO_SHARD), None, know(mark=b.sequence))
    assert follow(steps, (look_up(a, b), {"a": DONE, "b": PENDING})).result == [b]


def test_the_entry_of_another_lane_owns_what_does_not_show_it_yet() -> None:
    """And its requests are not even read: they may well be PENDING."""
    a, b, new = make_request("a", event_name="MODIFY"), make_request("b", event_name="MODIFY"), make_request("c")
    counter = make_counter(**{OTHER: own("a", "x")})
    steps = verify(make_batch(a, b, new), counter, know())
    assert follow(steps, (look_up(b), {"b": PENDING})).result == [b, new]


def test_the_entry_of_another_lane_does_not_own_another_request_under_its_id() -> None:
    """shard P: put x ──▶ commit ──▶ delete x;  child C: put x ──▶ x re-sent, and P's entry still there"""
    a = make_request("a", event_name="MODIFY")
    counter = make_counter(**{OTHER: own("a", received_at=a.received_at - 1)})
    assert follow(verify(make_batch(a), counter, know()), (look_up(a), {"a": PENDING})).result == [a]


def test_an_entry_that_was_written_without_times_owns_whatever_has_its_ids() -> None:
    a = make_request("a", event_name="MODIFY")
    counter = make_counter(**{OTHER: Entry(1, 0, 0, 0, owners=Owners(("a",)))})
    assert follow(verify(make_batch(a), counter, know())).result == []


def test_a_refusal_in_the_entry_of_another_lane_counts_as_well() -> None:
    a = make_request("a", event_name="MODIFY")
    owners = Owners((), (("a", "Rejected"),), (a.received_at,))
    counter = make_counter(**{OTHER: Entry(1, 0, 0, 0, owners=owners)})
    assert follow(verify(make_batch(a), counter, know())).result == []


def test_the_entries_that_are_journalled_are_read_in_one_call() -> None:
    a, b = make_request("a", event_name="MODIFY"), make_request("b", event_name="MODIFY")
    third = lane_of("a third shard")
    counter = make_counter(**{OTHER: point_to(KEY), third: point_to(KEY[::-1])})
    journals = {KEY: own("x").owners, KEY[::-1]: own("b").owners}
    script: Script = [(ReadJournals((KEY, KEY[::-1])), journals), (look_up(a), {"a": PENDING})]
    assert follow(verify(make_batch(a, b), counter, know()), *script).result == [a]


def test_the_own_entry_owns_nothing_any_more_for_it_is_applied() -> None:
    a = make_request("a", event_name="MODIFY")
    steps = verify(make_batch(a), make_counter(**{LANE: own("a")}), know())
    assert follow(steps, (look_up(a), {"a": PENDING})).result == [a]


def test_a_journal_that_is_gone_stops_it_rather_than_being_guessed() -> None:
    a = make_request("a", event_name="MODIFY")
    steps = verify(make_batch(a), make_counter(**{OTHER: point_to(KEY)}), know())
    failure = raised_by(steps, (ReadJournals((KEY,)), {}))
    assert isinstance(failure, MissingJournal)
    assert KEY.hex() in str(failure)
