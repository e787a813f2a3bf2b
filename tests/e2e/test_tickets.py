"""Tickets over HTTP: a counter comes into being with its first ticket, and works everywhere else as well."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from gapless.counters import Counters, Options
from gapless.local.background import BackgroundStack, running_stack
from gapless.target import Target
from tests.e2e.http import Answer, Http

CLIENTS = 16
TICKETS = 400
SIGNATURE = "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=f"


class Tickets:
    """The ticket function's URL, as any HTTP client sees it."""

    def __init__(self, stack: BackgroundStack) -> None:
        self._url = stack.description["functions"]["ticket"]["url"]
        self._pool = urllib3.PoolManager(maxsize=CLIENTS, retries=False, timeout=60)

    def call(self, path: str, method: str = "POST", **headers: str) -> Answer:
        response = self._pool.request(method, self._url + path, headers=headers)
        return Answer(response.status, response.headers, response.data)

    def take(self, counter: str) -> int:
        answer = self.call(f"numbers/{counter}")
        assert answer.status == 200, answer
        assert answer.document.keys() == {"counter", "number"}
        return int(answer.document["number"])


@pytest.fixture(scope="module")
def tickets(local_stack: BackgroundStack) -> Tickets:
    return Tickets(local_stack)


@pytest.fixture
def name() -> str:
    """A counter's name that no other test has."""
    return f"ticket-{uuid.uuid4().hex[:12]}"


def test_sixteen_clients_make_one_counter_and_never_get_a_twin(tickets: Tickets, target: Target, name: str) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        numbers = sorted(pool.map(lambda _: tickets.take(name), range(TICKETS)))
    assert numbers == list(range(1, TICKETS + 1))
    assert Counters(target).show(name).document()["allocation"] == "direct"


def test_a_ticket_and_the_api_count_as_one(tickets: Tickets, http: Http, target: Target, name: str) -> None:
    """The API's call and its answer, under another base URL."""
    Counters(target).create(name, Options(start=10, increment=-5, allocation="direct"))
    ticket, number = tickets.call(f"numbers/{name}"), http.call("POST", f"/numbers/{name}")
    assert ticket.document == {"counter": name, "number": 10}
    assert number.document == {"counter": name, "number": 5}
    assert ticket.headers["Content-Type"] == number.headers["Content-Type"]
    assert tickets.take(name) == 0
    assert http.get(f"/counters/{name}").document["value"] == 0


def test_a_counter_that_a_ticket_made_can_be_bounded(tickets: Tickets, target: Target, name: str) -> None:
    assert tickets.take(name) == 1
    Counters(target).set(name, Options(max=2, allocation="direct"))
    assert tickets.take(name) == 2
    assert tickets.call(f"numbers/{name}").is_problem(409)


def test_a_counter_of_the_stream_gives_no_ticket_and_goes_on(
    tickets: Tickets, http: Http, target: Target, name: str
) -> None:
    Counters(target).create(name, Options())
    assert tickets.call(f"numbers/{name}").is_problem(409)
    assert http.finished(http.put(b"{}", f"/requests?counter={name}").document["requestId"])["number"] == 1
    assert tickets.call(f"numbers/{name}").is_problem(409)


def test_the_default_counter_cannot_be_taken_from_the_requests(local_engine: tuple[str, ...]) -> None:
    """On a stack where nobody has sent a request yet."""
    with running_stack(*local_engine, "--name", f"fresh-{uuid.uuid4().hex[:8]}") as stack:
        assert Tickets(stack).call("numbers/requests").is_problem(409)
        http = Http(stack.target)
        assert http.finished(http.put(b"{}").document["requestId"])["number"] == 1


def test_refusals_are_problem_documents(tickets: Tickets, name: str) -> None:
    refused = tickets.call(f"numbers/{name}", "GET")
    assert refused.is_problem(405)
    assert refused.headers["Allow"] == "POST"
    assert tickets.call("").is_problem(404)
    assert tickets.call("numbers/a%20b").is_problem(400)
    assert tickets.call(f"numbers/{name}", **{"Idempotency-Key": "k"}).is_problem(400)


def test_signed_tickets_and_none(local_engine: tuple[str, ...], name: str) -> None:
    with running_stack(
        *local_engine, "--name", f"iam-{uuid.uuid4().hex[:8]}", "--parameter", "Tickets=AWS_IAM"
    ) as stack:
        tickets = Tickets(stack)
        assert tickets.call(f"numbers/{name}").status == 403
        signed = {"Authorization": SIGNATURE, "X-Amz-Date": "20261122T000000Z"}
        assert tickets.call(f"numbers/{name}", **signed).document["number"] == 1


def test_tickets_can_be_left_out() -> None:
    with running_stack("--parameter", "Tickets=off") as stack:
        assert stack.description["functions"].keys() == {"processor", "sweeper"}


def test_a_database_that_is_gone_is_503(name: str) -> None:
    with running_stack() as engine, running_stack("--dynamodb-endpoint", str(engine.target.dynamodb)) as stack:
        tickets = Tickets(stack)
        assert tickets.take(name) == 1
        engine.stop()
        refused = tickets.call(f"numbers/{name}")
        assert refused.is_problem(503)
        assert refused.headers["Retry-After"] == "1"
