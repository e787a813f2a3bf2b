"""Puts a stack to the proof, from outside: sends requests to a counter of its own, and compares them with it."""

import secrets
import time
from collections import Counter as Multiset
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gapless.client import Client
from gapless.counters import Counters, Options
from gapless.load import connect, send, wait_until_finished
from gapless.target import Target

# One in ten is refused by the work() that the repository comes with, and must take no number.
SOUND = b'{"lines": [{"sku": "lamp", "quantity": 1, "unitPrice": 1}]}'
UNSOUND = b'{"lines": []}'
REFUSED_EVERY = 10
PAGE = 500  # requests between two reports of progress


@dataclass(frozen=True)
class Verdict:
    """faults: every breach, in words; none on a sound stack. seconds: from the first request to the last that is
    decided. dies: what the function's fault switch is set to, 0 for a stack without one."""

    counter: str
    requests: int
    numbered: int
    refused: int
    seconds: float
    dies: int
    faults: list[str]


def verify(target: Target, requests: int, clients: int, patience: float, progress: Callable[[str], None]) -> Verdict:
    """Send requests, wait until each is decided, and check what GET says of them against the counter.

    patience: seconds to wait in all. Raises NotReachable, Refused, and load.TooSlow for requests that stay PENDING.
    """
    counter = f"verify-{secrets.token_hex(4)}"
    counters = Counters(target)
    counters.create(counter, Options())
    client, dynamodb = Client(target, connections=clients), connect(target)
    bodies = [UNSOUND if number % REFUSED_EVERY == 0 else SOUND for number in range(requests)]
    began = time.monotonic()
    ids = []
    for request_id in send(client, bodies, clients=clients, counter=counter):
        ids.append(request_id)
        if len(ids) % PAGE == 0:
            progress(f"{len(ids)} of {requests} sent")
    progress("waiting until every request is decided")
    wait_until_finished(dynamodb, target, ids, seconds=patience)
    seconds = time.monotonic() - began
    progress("reading them back")
    with ThreadPoolExecutor(clients) as pool:
        documents = list(pool.map(client.get, ids))
    numbers = [document["number"] for document in documents if "number" in document]
    value = counters.show(counter).value or 0
    return Verdict(
        counter,
        requests,
        len(numbers),
        sum(document["status"] == "FAILED" for document in documents),
        round(seconds, 1),
        target.kill_one_in,
        [*find_faults(numbers, value), *find_disorder(documents)],
    )


def find_faults(numbers: list[int], value: int) -> Iterator[str]:
    """What is wrong with the numbers of a counter that has handed out `value` of them, from 1 on."""
    given = Multiset(numbers)
    if twins := sorted(number for number, times in given.items() if times > 1):
        yield f"given twice: {twins[:10]}"
    if missing := sorted(set(range(1, value + 1)) - given.keys()):
        yield f"missing: {missing[:10]}"
    if beyond := sorted(number for number in given if not 1 <= number <= value):
        yield f"never handed out by the counter: {beyond[:10]}"


def find_disorder(documents: list[dict[str, Any]]) -> Iterator[str]:
    """Requests whose end does not go with what they were sent with."""
    for place, document in enumerate(documents):
        expected = "FAILED" if place % REFUSED_EVERY == 0 else "DONE"
        if document["status"] != expected:
            yield f"{document['requestId']} is {document['status']}, and ought to be {expected}"
        if (document["status"] == "DONE") != ("number" in document):
            yield f"{document['requestId']} is {document['status']} and has {document.get('number', 'no number')}"
