"""The protocol as a conversation: re-sent requests, the one lane, counters that cannot number, and what fails."""

from dataclasses import replace
from typing import Any

import pytest

from counter import Counter
from entry import NO_SHARD
from memory import Memory
from numbering import (
    CLOCK_SKEW,
    PATIENT_ATTEMPTS,
)
from operations import (
    Commit,
    Committed,
    Judge,
    Pause,
    RaiseFence,
    ReadCounter,
    ReadStates,
    RefuseUncounted,
    WriteStamps,
)
from request import PENDING, Refused
from tests.unit.batches import LANE, STAMPED, YES, make_counter, make_warm, number, numbers
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import NOW, Script, committed, written

# ── requests that were sent again, and the one lane ──────────────────────────────────────────────────────────────────


def test_a_request_that_was_sent_again_is_looked_up_and_makes_the_others_look() -> None:
    counter = make_counter(7)
    old = make_request("a", event_name="MODIFY", resends=1, received_at=RECEIVED + 50)
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("a",), (RECEIVED + 50,)), {"a": PENDING}),
        YES,
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    conversation = number([old, make_request("b")], *script, memory=make_warm(counter))
    commit = conversation.the(Commit)
    assert (commit.raises_fence, commit.verify_until) == (True, RECEIVED + 50)
    assert numbers(conversation.result) == {"a": 8, "b": 9}


def test_against_traffic_it_raises_the_fence_before_it_tries_again() -> None:
    counter = make_counter(7)
    raised = replace(counter, fence=1, version=9)
    request = make_request("a", event_name="MODIFY", resends=1)
    refused: Any = (Commit, Committed(False, counter))
    look: Any = (ReadStates, {"a": PENDING})
    script: Script = [
        (ReadCounter, counter),
        look,
        YES,
        *[refused, look] * PATIENT_ATTEMPTS,
        refused,
        (Pause, None),
        (RaiseFence("requests"), raised),
        look,
        (Commit, committed(raised)),
        STAMPED,
    ]
    conversation = number([request], *script, memory=make_warm(counter))
    last = conversation.asked[-2]
    assert isinstance(last, Commit)
    assert (last.known.fence, last.known.version) == (1, 9)
    assert numbers(conversation.result) == {"a": 8}


def test_in_the_one_lane_all_is_looked_up_and_every_commit_depends_on_all_others() -> None:
    counter = make_counter(7, mark=None, version=41)
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("a",), (RECEIVED,)), {"a": PENDING}),
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    commit = number([make_request("a")], *script, shard=None).the(Commit)
    assert (commit.lane, commit.raises_fence, commit.verify_until) == (NO_SHARD, True, RECEIVED)
    assert commit.entry.mark == 42


# ── counters that are not there, or cannot number ────────────────────────────────────────────────────────────────────


def test_the_default_counter_comes_into_being_and_what_came_before_is_suspect() -> None:
    """Under whatever name there was no counter, requests may have been refused: all of those are looked up later."""
    nothing = Counter("requests", exists=False)
    script: Script = [
        (ReadCounter, None),
        (ReadStates, {"a": PENDING}),
        YES,
        (Commit, committed(nothing)),
        STAMPED,
    ]
    conversation = number([make_request("a")], *script)
    commit = conversation.the(Commit)
    assert commit.create
    assert commit.verify_until == NOW + CLOCK_SKEW
    assert (commit.known.mark, commit.known.fence, commit.known.version) == (None, None, None)
    assert numbers(conversation.result) == {"a": 1}


def test_no_other_counter_comes_into_being() -> None:
    request = make_request("a", counter="orders")
    script: Script = [(ReadCounter("orders"), None), (ReadStates, {"a": PENDING}), (RefuseUncounted, True)]
    assert numbers(number([request], *script).result) == {"a": None}


def test_a_counter_that_is_made_while_its_requests_are_refused_numbers_them() -> None:
    request = make_request("a", counter="orders")
    made = Counter("orders", size=50)
    script: Script = [
        (ReadCounter, None),
        (ReadStates, {"a": PENDING}),
        (RefuseUncounted, False),
        (ReadCounter, made),
        (ReadStates, {"a": PENDING}),
        YES,
        (Commit, committed(made)),
        STAMPED,
    ]
    assert numbers(number([request], *script).result) == {"a": 1}


@pytest.mark.parametrize("name", ["", "x" * 2049])
def test_a_counter_that_cannot_be_is_not_looked_for(name: str) -> None:
    request = make_request("a", counter=name)
    report = number([request], (ReadStates, {"a": PENDING}), (WriteStamps, written)).result
    (stamp,) = report.stamped
    assert isinstance(stamp.verdict, Refused)
    assert stamp.verdict.code == "UnknownCounter"


@pytest.mark.parametrize(("fault", "allocation"), [("its increment is 0", "stream"), ("", "direct")])
def test_a_counter_that_cannot_number_is_looked_at_every_time(fault: str, allocation: str) -> None:
    """Its refusals take nothing, and nothing is remembered: it may be mended at any moment."""
    counter = make_counter(7, mark=None, fault=fault, allocation=allocation)
    memory = Memory()
    script: Script = [(ReadCounter, counter), (Commit, committed(counter)), STAMPED]
    conversation = number([make_request("a")], *script, memory=memory)
    assert conversation.the(Commit).taken == 0
    assert numbers(conversation.result) == {"a": None}
    assert memory.recall("requests", LANE) is None


# ── what fails ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_that_fails_cuts_the_batch_and_the_mark_stays_before_it() -> None:
    counter = make_counter(7)
    a, b, c = (make_request(one) for one in "abc")
    down = ConnectionError("down")
    script: Script = [YES, (Judge(b), down), (Commit, committed(counter)), STAMPED]
    conversation = number([a, b, c], *script, memory=make_warm(counter))
    assert conversation.the(Commit).entry.mark == a.sequence
    assert conversation.result.failures == [(b, down)]
    assert numbers(conversation.result) == {"a": 8}


def test_a_counter_that_fails_holds_up_no_other() -> None:
    counter = make_counter(7)
    bad, good = make_request("a", counter="bad"), make_request("b")
    forbidden = PermissionError("not this one")
    script: Script = [(ReadCounter("bad"), forbidden), YES, (Commit, committed(counter)), STAMPED]
    report = number([bad, good], *script, memory=make_warm(counter)).result
    assert report.failures == [(bad, forbidden)]
    assert numbers(report) == {"b": 8}
