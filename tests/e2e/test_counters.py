"""Counters over HTTP: a number at once, what a counter looks like, and who may ask it for what."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from gapless.client import Client
from gapless.counters import Counters, Options, plan_regions
from gapless.load import connect
from gapless.local.background import running_stack
from gapless.target import Target
from tests.e2e.http import Http
from tests.e2e.sequences import SEQUENCES, direct

CLIENTS = 16
NUMBERS = 2000


@pytest.fixture
def name() -> str:
    """A counter's name that no other test has."""
    return f"counter-{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize(("options", "numbers"), SEQUENCES)
def test_numbers_at_once(http: Http, target: Target, name: str, options: Options, numbers: list[int]) -> None:
    Counters(target).create(name, options)
    answers = [http.call("POST", f"/numbers/{name}") for _ in numbers]
    assert [answer.status for answer in answers] == [200] * len(numbers)
    assert [answer.document for answer in answers] == [{"counter": name, "number": number} for number in numbers]
    assert http.get(f"/counters/{name}").document == Counters(target).show(name).document()
    assert Counters(target).show(name).value == numbers[-1]


def test_an_exhausted_counter_is_a_conflict_and_stays_where_it_is(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct(max=2))
    statuses = [http.call("POST", f"/numbers/{name}").status for _ in range(4)]
    assert statuses == [200, 200, 409, 409]
    assert http.call("POST", f"/numbers/{name}").is_problem(409)
    assert Counters(target).show(name).count == 2


def test_an_unknown_counter_is_not_found_and_not_made(http: Http, name: str) -> None:
    assert http.call("POST", f"/numbers/{name}").is_problem(404)
    assert http.get(f"/counters/{name}").is_problem(404)


def test_a_counter_of_the_stream_hands_nothing_out_directly(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, Options())
    refused = http.call("POST", f"/numbers/{name}")
    assert refused.is_problem(409)
    assert "/requests" in refused.document["detail"]
    assert http.get(f"/counters/{name}").document["value"] is None
    document = http.finished(http.put(b"{}", f"/requests?counter={name}").document["requestId"])
    assert document["number"] == 1
    assert http.get(f"/counters/{name}").document["value"] == 1


def test_a_direct_counter_numbers_no_request(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct())
    document = http.finished(http.put(b"{}", f"/requests?counter={name}").document["requestId"])
    assert document["error"]["code"] == "DirectCounter"
    assert http.call("POST", f"/numbers/{name}").document["number"] == 1


@pytest.mark.parametrize("attributes", [{}, {"value": {"N": "41"}}])
def test_a_counter_typed_into_the_console_works(
    http: Http, target: Target, name: str, attributes: dict[str, Any]
) -> None:
    connect(target).put_item(TableName=target.counters_table, Item={"counterName": {"S": name}} | attributes)
    first = int(attributes.get("value", {"N": "0"})["N"]) + 1
    assert http.call("POST", f"/numbers/{name}").document == {"counter": name, "number": first}


def test_sixteen_clients_never_get_a_twin(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, direct(start=100, increment=10))
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: http.call("POST", f"/numbers/{name}"), range(NUMBERS)))
    assert {answer.status for answer in answers} == {200}
    numbers = sorted(answer.document["number"] for answer in answers)
    assert numbers == [100 + 10 * step for step in range(NUMBERS)]


def test_an_exhausted_counter_of_the_stream_fails_the_request(http: Http, target: Target, name: str) -> None:
    Counters(target).create(name, Options(max=1))
    first, second = (
        http.finished(http.put(b"{}", f"/requests?counter={name}").document["requestId"]) for _ in range(2)
    )
    assert (first["number"], second["error"]["code"]) == (1, "CounterExhausted")


def test_three_regions_never_give_the_same_number(local_engine: tuple[str, ...], name: str) -> None:
    """Three stacks side by side, each with the counter that `gapless counter plan` names for it."""
    with ExitStack() as regions:
        given = []
        for options in plan_regions(["eu-west-1", "us-east-1", "ap-south-1"]).values():
            stack_name = f"region-{uuid.uuid4().hex[:8]}"
            target = regions.enter_context(running_stack(*local_engine, "--name", stack_name)).target
            Counters(target).create(name, options)
            client = Client(target)
            ids = [client.submit(b"{}", counter=name)["requestId"] for _ in range(20)]
            numbers = sorted(client.wait(one)["number"] for one in ids)
            assert numbers == list(range(options.start, options.start + 20 * options.increment, options.increment))
            given += numbers
    assert sorted(given) == list(range(1, 61))
