"""POST /numbers/{counter} with an Idempotency-Key: never two numbers to a key, nor one number to two keys."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gapless.counters import Counters, Options
from gapless.load import connect
from gapless.target import Target
from tests.e2e.http import Answer, Http
from tests.e2e.sequences import SEQUENCES, direct

CLIENTS = 16
PERIOD = 100_000_000  # ms, as in mapping_templates/next_number_request.yaml
HOSTILE = [
    *(
        "k",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        '"quoted"',
        "it's",
        "back\\slash",
        '"}, "#value": {"',
        "#value",
        "$x",
    ),
    *("a b", "a+b", "a%20b", "value", "capacity", "counterName", "keyBytes", "a.b", "a[0]", "x" * 2000),
]


@pytest.fixture
def name() -> str:
    """A counter's name that no other test has."""
    return f"keyed-{uuid.uuid4().hex[:12]}"


def ask(http: Http, name: str, key: str, header: str = "Idempotency-Key") -> Answer:
    return http.call("POST", f"/numbers/{name}", headers={header: key})


def number(http: Http, name: str, key: str) -> int:
    answer = ask(http, name, key)
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.document.keys() == {"counter", "number"}
    return int(answer.document["number"])


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        *SEQUENCES,
        (direct(max=4), [1, 2, 3, 4]),
    ],
)
def test_a_key_keeps_its_number(http: Http, target: Target, name: str, options: Options, numbers: list[int]) -> None:
    """Also when the last number is gone."""
    Counters(target).create(name, options)
    keys = [f"key-{place}" for place in range(4)]
    assert [number(http, name, key) for key in keys] == numbers
    assert [number(http, name, key) for key in reversed(keys)] == numbers[::-1]
    assert Counters(target).show(name).count == 4


def test_a_lost_answer_burns_nothing(http: Http, target: Target, name: str) -> None:
    """The client has heard nothing and asks again, as others ask in between; in the end nothing is missing."""
    Counters(target).create(name, direct())
    given = []
    for place in range(10):
        first = number(http, name, f"mine-{place}")
        other = number(http, name, f"another's-{place}")
        assert number(http, name, f"mine-{place}") == first
        given += [first, other]
    assert given == list(range(1, 21))


def test_numbers_with_and_without_a_key_come_from_one_counter(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct())
    without = http.call("POST", f"/numbers/{name}").document["number"]
    assert (without, number(http, name, "k"), number(http, name, "k")) == (1, 2, 2)
    assert http.call("POST", f"/numbers/{name}").document["number"] == 3
    assert number(http, name, "k") == 2


@pytest.mark.parametrize("attributes", [{}, {"value": {"N": "41"}}])
def test_a_counter_typed_into_the_console_takes_keys(
    http: Http, target: Target, name: str, attributes: dict[str, Any]
) -> None:
    connect(target).put_item(TableName=target.counters_table, Item={"counterName": {"S": name}} | attributes)
    first = int(attributes.get("value", {"N": "0"})["N"]) + 1
    assert [number(http, name, key) for key in ("a", "b", "a")] == [first, first + 1, first]


def test_a_keys_text_is_nothing_but_a_key(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct())
    numbers = [number(http, name, key) for key in HOSTILE]
    assert numbers == list(range(1, len(HOSTILE) + 1))
    assert [number(http, name, key) for key in HOSTILE] == numbers
    assert Counters(target).show(name).count == len(HOSTILE)


@pytest.mark.parametrize("header", ["idempotency-key", "IDEMPOTENCY-KEY"])
def test_the_headers_case_does_not_matter(http: Http, target: Target, name: str, header: str) -> None:
    Counters(target).create(name, direct())
    first = ask(http, name, "k").document
    assert ask(http, name, "k", header).document == first
    assert number(http, name, "K") == 2


def test_a_key_is_of_one_counter(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct())
    Counters(target).create(f"{name}.2", direct(start=100))
    assert (number(http, name, "k"), number(http, f"{name}.2", "k")) == (1, 100)


def test_one_key_sixteen_clients_one_number(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct())
    with ThreadPoolExecutor(CLIENTS) as pool:
        numbers = set(pool.map(lambda _: number(http, name, "the same"), range(CLIENTS * 10)))
    assert numbers == {1}
    assert Counters(target).show(name).count == 1


def test_many_keys_sixteen_clients_no_twin_and_no_gap(http: Http, target: Target, name: str) -> None:
    """Every key comes three times, from whichever client."""
    Counters(target).create(name, direct())
    keys = [f"key-{place}" for place in range(200)] * 3
    with ThreadPoolExecutor(CLIENTS) as pool:
        pairs = set(zip(keys, pool.map(lambda key: number(http, name, key), keys), strict=True))
    assert len(pairs) == 200
    assert sorted(given for _, given in pairs) == list(range(1, 201))


def test_what_a_counter_refuses_it_refuses_with_a_key_too(http: Http, target: Target, name: str) -> None:
    assert ask(http, name, "k").is_problem(404)
    Counters(target).create(name, Options())
    refused = ask(http, name, "k")
    assert refused.is_problem(409)
    assert "/requests" in refused.document["detail"]
    Counters(target).create(f"{name}.2", direct(max=1))
    assert number(http, f"{name}.2", "a") == 1
    exhausted = ask(http, f"{name}.2", "b")
    assert exhausted.is_problem(409)
    assert "last number" in exhausted.document["detail"]


def test_a_counter_that_holds_too_many_keys_says_so_and_knows_those_it_has(
    http: Http, target: Target, name: str
) -> None:
    Counters(target).create(name, direct())
    keys = [f"{place}".ljust(2000, "x") for place in range(60)]
    answers = [ask(http, name, key) for key in keys]
    taken = [answer.status for answer in answers].index(429)
    assert 40 < taken < 60
    full = answers[taken]
    assert full.is_problem(429)
    assert "idempotency keys" in full.document["detail"]
    assert full.headers["Retry-After"] == "3600"
    assert [number(http, name, key) for key in keys[:taken]] == list(range(1, taken + 1))
    assert http.call("POST", f"/numbers/{name}").document["number"] == taken + 1


@pytest.mark.parametrize(("distance", "expected"), [(-2, 8), (-1, 7), (0, 7), (1, 7)])
def test_a_key_is_good_for_a_day_and_found_across_the_turn_of_a_period(
    http: Http, target: Target, name: str, distance: int, expected: int
) -> None:
    """Its number was left in the last period; or in the next, by a repetition that overtook the call."""
    period = int(time.time() * 1000) // PERIOD + distance
    item: dict[str, Any] = {"counterName": {"S": name}, "value": {"N": "7"}, f"{period}:k": {"N": "7"}}
    connect(target).put_item(TableName=target.counters_table, Item=item)
    assert number(http, name, "k") == expected
