"""What is promised, checked from the outside: knows what clients and operators see, and nothing of how it comes about.

For every counter: its numbers are those that its options give to 1..value, none missing and none twice; a deleted
request's number counts as given, whether the request had it or a tombstone keeps it. For every request: it is settled,
with a number or with an error that it deserves. For every shard: the numbers of one counter follow the order in which
the shard announced the requests, but for those that were overtaken (sent again, or waiting when a delivery began beyond
them), and for a counter that has begun again at its start.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from counter import Counter
from request import DONE, FAILED
from stamping import name_tombstone
from tests.faults.simulation.scenario import DEFAULT_COUNTER, LATE, NEVER, History, Kind
from tests.faults.simulation.stored import StoredRequest

Requests = Mapping[str, StoredRequest]
Counters = Mapping[str, Counter]
Owned = dict[str, dict[str, int]]  # counter -> id -> number

OF_COUNTER = {"CounterExhausted", "UnknownCounter", "DirectCounter"}
CODES = {
    Kind.ACCEPTED: OF_COUNTER,
    Kind.REJECTED: OF_COUNTER | {"Rejected"},
    Kind.FLAKY: OF_COUNTER | {"Rejected", "OutOfLuck"},
    Kind.PASSING: OF_COUNTER,
    Kind.POISON: OF_COUNTER,
    Kind.LARGE: OF_COUNTER | {"ResultTooLarge"},
    Kind.GROWN: OF_COUNTER,
    Kind.STEPS: OF_COUNTER,
}
NEVER_NUMBERED = {Kind.REJECTED, Kind.POISON, Kind.LARGE}
GIVEN_UP = "Unprocessable"


def find_breaches(history: History, requests: Requests, counters: Counters) -> list[str]:
    """Every breach of a promise, as a sentence each."""
    owned, twice = find_owners(history, requests)
    return [
        *twice,
        *(f"{one}: what work() has saved is not what it finds" for one in history.lost),
        *(text for one in history.submitted for text in breaches_of_request(one, history, requests)),
        *(
            text
            for name in owned.keys() | counters.keys()
            for text in breaches_of_counter(name, owned, counters, history)
        ),
        *breaches_of_order(history, owned, counters),
    ]


def find_owners(history: History, requests: Requests) -> tuple[Owned, list[str]]:
    """Whose each number is, and requests with two.

    A request may be deleted after it had its number, and be buried by one who has not seen it: the tombstone then keeps
    the number that it had. Otherwise it stands for a deleted request that never had one.
    """
    owned: Owned = defaultdict(dict)
    breaches = []
    numbers: list[tuple[str, str, int | None]] = []
    graves = {}
    for place, gone in enumerate([*history.deleted.values(), *history.buried]):
        owner = f"deleted {place}: {gone.request.request_id}"
        numbers.append((owner, gone.request.counter, gone.number))
        if gone.number is not None:
            request = gone.request
            graves[name_tombstone(request.request_id, request.received_at, request.counter, gone.number)] = owner
    numbers += [(graves.get(one, one), item.counter, item.number) for one, item in requests.items()]
    for owner, counter, number in numbers:
        if number is not None and owned[counter].setdefault(owner, number) != number:
            breaches.append(f"{owner} has {owned[counter][owner]} and {number}")
    return owned, breaches


def breaches_of_request(request_id: str, history: History, requests: Requests) -> Iterator[str]:
    """What is wrong with one request."""
    item = requests.get(request_id)
    if (item is None) != (request_id in history.deleted):
        yield f"{request_id} is {'gone' if item is None else 'back'}"
    if history.stamped[request_id] > 1:
        yield f"{request_id} was settled {history.stamped[request_id]} times"
    if item is None:
        return
    kind = history.kinds[request_id]
    if item.status == DONE:
        if item.number is None or item.code or not item.result:
            yield f"{request_id} is DONE with number {item.number}, error {item.code!r} and result {item.result!r}"
        if kind in NEVER_NUMBERED:
            yield f"{request_id} has a number, and work() never accepted it: {kind.value}"
    elif item.status == FAILED:
        if item.number is not None or item.code not in CODES[kind] | {GIVEN_UP}:
            yield f"{request_id} is FAILED with number {item.number} and error {item.code!r}: {kind.value}"
        if item.code == "UnknownCounter" and item.counter not in (LATE, NEVER):
            yield f"{request_id} was refused for an unknown counter, which {item.counter} is not"
        if item.code == "DirectCounter" and item.counter != "direct":
            yield f"{request_id} was refused for a direct counter, which {item.counter} is not"
    else:
        yield f"{request_id} is {item.status}"


def breaches_of_counter(name: str, owned: Owned, counters: Counters, history: History) -> Iterator[str]:
    """What is wrong with a counter's numbers."""
    counter = counters.get(name)
    if counter is None or (name not in history.made and name != DEFAULT_COUNTER):
        yield f"{name}: numbers {sorted(owned[name].values())}, and nobody has made it"
        return
    made = history.made.get(name) or Counter(name)
    given = list(owned[name].values())
    steps: list[int] = list(range(counter.value - history.handed_out[name]))
    if made.capacity is not None and made.cycle:
        steps = [step % made.capacity for step in steps]
    elif made.capacity is not None and counter.value > history.capacities.get(name, made.capacity):
        yield f"{name}: {counter.value} numbers of {history.capacities.get(name, made.capacity)}"
    expected = [made.start + step * made.increment for step in steps]
    if name == "direct":
        expected = []
    if sorted(given) != sorted(expected):
        yield f"{name} at {counter.value}: expected {sorted(expected)}, given {sorted(given)}"


def breaches_of_order(history: History, owned: Owned, counters: Counters) -> Iterator[str]:
    """Where numbers do not follow a shard's order."""
    for shard_id, ids in history.announced.items():
        for name, numbers in owned.items():
            made = history.made.get(name) or Counter(name)
            if made.cycle:
                continue
            run = [numbers[one] for one in ids if one in numbers and one not in history.overtaken]
            if run != sorted(run, reverse=made.increment < 0):
                yield f"{name} in {shard_id}: out of order: {run}"
