"""A FAILED request submitted again: what its client and the new one's see of each other over HTTP."""

import json
import uuid
from typing import Any

import pytest

from gapless.counters import Counters, Options
from gapless.requeue import requeue_all
from gapless.target import Target
from tests.e2e.http import Http


@pytest.fixture
def counter() -> str:
    """A counter's name that no other test has, and no counter yet."""
    return f"counter-{uuid.uuid4().hex[:12]}"


def requeue(target: Target, request_id: str) -> str:
    """The id that it goes on under."""
    (done,) = requeue_all(target, [request_id], dry_run=False)
    assert done.requeued_as, done.reason
    return done.requeued_as


def test_what_failed_for_want_of_a_counter_is_numbered(http: Http, target: Target, counter: str) -> None:
    body = b' {"n\xc3\xa9e": "it\'s \\"quoted\\" \\u2028"}'
    mine = f"/requests/mine-{uuid.uuid4().hex}"
    old = http.finished(http.put(body, f"{mine}?counter={counter}").document["requestId"])
    assert old["error"]["code"] == "UnknownCounter"
    Counters(target).create(counter, Options(start=7))
    new_id = requeue(target, old["requestId"])
    new = http.finished(new_id)
    assert (new["status"], new["number"], new["requeueOf"]) == ("DONE", 7, old["requestId"])
    assert (new["request"].encode(), new["counter"]) == (body, counter)
    assert http.get(mine).document == old | {"requeuedAs": new_id}
    again = http.put(body, f"{mine}?counter={counter}")
    assert (again.status, again.document) == (200, old | {"requeuedAs": new_id})
    assert requeue(target, old["requestId"]) == new_id
    assert Counters(target).show(counter).count == 1


def test_one_that_fails_again_can_be_requeued_again(http: Http, target: Target, counter: str) -> None:
    ids = [http.put(b"{}", f"/requests?counter={counter}").document["requestId"]]
    for _ in range(2):
        assert http.finished(ids[-1])["status"] == "FAILED"
        ids.append(requeue(target, ids[-1]))
    first, second, third = (http.finished(one) for one in ids)
    assert (first["requeuedAs"], second["requeueOf"]) == (second["requestId"], first["requestId"])
    assert (second["requeuedAs"], third["requeueOf"]) == (third["requestId"], second["requestId"])
    assert "requeueOf" not in first
    assert "requeuedAs" not in third


def test_ids_of_any_kind_can_be_requeued(http: Http, target: Target, counter: str) -> None:
    path = f"/requests/it's%20%22{uuid.uuid4().hex}%22%2F%E2%80%A8"
    old: Any = http.finished(http.put(b"{}", f"{path}?counter={counter}").document["requestId"])
    new = http.finished(requeue(target, old["requestId"]))
    assert new["requeueOf"] == old["requestId"] == http.get(path).document["requestId"]


def test_the_largest_body_can_be_requeued(http: Http, target: Target, counter: str) -> None:
    body = json.dumps({"a": "x" * (350 * 1024 - 9)}).encode()
    old = http.finished(http.put(body, f"/requests?counter={counter}").document["requestId"])
    Counters(target).create(counter, Options())
    new = http.finished(requeue(target, old["requestId"]))
    assert (new["status"], new["request"].encode() == body) == ("DONE", True)
