"""What is accepted at intake can always be finished; what is too large is refused, and nothing of it is stored."""

import json
from typing import Any

import pytest

from gapless.client import FINISHED
from tests.e2e.http import Http
from tests.waiting import wait_until

PROMISED = 350 * 1024


def make_body(size: int, start: str = '{"a": "') -> bytes:
    return start.encode() + b"x" * (size - len(start) - 2) + b'"}'


@pytest.mark.parametrize("start", ['{"a": "', '{"lines": [], "a": "'], ids=["accepted", "refused by work()"])
def test_350_kib_are_accepted_and_finished(http: Http, start: str) -> None:
    body = make_body(PROMISED, start)
    assert len(body) == PROMISED
    document = http.finished(http.put(body).document["requestId"])
    assert document["status"] in FINISHED
    assert document["request"].encode() == body


@pytest.mark.parametrize("path", ["/requests", "/requests/large-{size}"])
@pytest.mark.parametrize("size", [401 * 1024, 500_000, 3_000_000])
def test_what_no_item_can_hold_is_refused(http: Http, path: str, size: int) -> None:
    assert http.put(make_body(size), path.format(size=size)).is_problem(413)
    if "{" in path:
        assert http.get(path.format(size=size)).is_problem(404)


@pytest.mark.parametrize("start", ['{"a": "', '{"lines": 1, "a": "'], ids=["DONE", "FAILED"])
def test_up_to_the_last_byte_that_is_accepted_everything_is_finished(http: Http, start: str) -> None:
    """Finds by bisection the largest body the engine takes, and has it and its neighbours finished."""
    low, high = PROMISED, 401 * 1024
    accepted: list[str] = []
    while high - low > 1:
        middle = (low + high) // 2
        answer = http.put(make_body(middle, start))
        if answer.status == 202:
            accepted.append(answer.document["requestId"])
            low = middle
        else:
            assert answer.is_problem(413)
            high = middle
    for request_id in accepted:

        def look(request_id: str = request_id) -> Any:
            return http.get(f"/requests/{request_id}").document["status"] in FINISHED

        wait_until(f"{request_id}, one of {len(accepted)} large requests, finished", look)


def test_many_large_requests_at_once_are_all_numbered(http: Http) -> None:
    ids = [http.put(make_body(300_000)).document["requestId"] for _ in range(20)]
    numbers = [http.finished(one)["number"] for one in ids]
    assert len(set(numbers)) == len(ids)


def test_a_deeply_nested_body_is_finished_one_way_or_the_other(http: Http) -> None:
    body = b'{"a":' * 5000 + b"1" + b"}" * 5000
    answer = http.put(body)
    if answer.status == 202:
        assert http.finished(answer.document["requestId"])["status"] in FINISHED
    else:
        assert answer.is_problem(400)


def test_numbers_of_any_length_are_finished(http: Http) -> None:
    body = json.dumps({"lines": [{"sku": "a", "quantity": 1, "unitPrice": 0}]}).replace("0}", "9" * 6000 + "}").encode()
    assert http.finished(http.put(body).document["requestId"])["error"]["code"] == "Rejected"
