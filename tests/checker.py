"""Reads the tables at the end and says what is wrong with them; knows the promises, not how they are kept."""

from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]

# What a request in each state has, and what it must not have.
ALWAYS = {"requestId", "counter", "status"}
HAS = {"DONE": {"number", "result", "completedAt"}, "FAILED": {"error", "completedAt"}, "VOID": {"number"}}
HAS_NOT = {"DONE": {"error"}, "FAILED": {"number"}, "VOID": {"result", "error", "request"}}


def scan(dynamodb: "DynamoDBClient", table: str) -> list[Item]:
    """Every item of a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def find_faults(target: Target, streams: Iterable[Sequence[str]] = ()) -> list[str]:
    """Every breach of a promise that the tables show, as a sentence each; none on a quiet, sound stack.

    streams: the ids of first announcements in a shard's order, a sequence for each shard; none to leave order aside.
    """
    dynamodb = connect(target)
    requests = scan(dynamodb, target.requests_table)
    return find_faults_in(requests, scan(dynamodb, target.counters_table), streams)


def find_faults_in(
    requests: Sequence[Item], counters: Iterable[Item], streams: Iterable[Sequence[str]] = ()
) -> list[str]:
    """The same for items that are at hand, in DynamoDB's JSON."""
    by_name = {one["counterName"]["S"]: one for one in counters}
    return [
        *faults_of_requests(requests),
        *faults_of_numbers(requests, by_name),
        *faults_of_order(requests, by_name, streams),
    ]


def faults_of_requests(requests: Iterable[Item]) -> Iterator[str]:
    """What is wrong with a request by itself: it waits, or has what it should not or has not what it should."""
    for request in requests:
        name, status = request["requestId"]["S"], request["status"]["S"]
        if status not in HAS:
            yield f"{name} is {status}"
            continue
        if missing := (ALWAYS | HAS[status]) - request.keys():
            yield f"{name} is {status} and has no {', '.join(sorted(missing))}"
        if surplus := HAS_NOT[status] & request.keys():
            yield f"{name} is {status} and has {', '.join(sorted(surplus))}"
        if "ttl" in request and "completedAt" not in request:
            yield f"{name} has a ttl and is not finished"


def faults_of_numbers(requests: Iterable[Item], counters: Mapping[str, Item]) -> Iterator[str]:
    """What is wrong with a counter's numbers: one is missing, given twice, or not among those it has handed out."""
    given: dict[str, Multiset[int]] = defaultdict(Multiset)
    for request in requests:
        if "number" in request:
            given[request["counter"]["S"]][int(request["number"]["N"])] += 1
    for name in given.keys() | counters.keys():
        if name not in counters:
            yield f"counter {name} has numbers and is not there"
            continue
        value, capacity = whole(counters[name], "value", 0), whole(counters[name], "capacity", 0)
        if capacity and value > capacity and not cycles(counters[name]):
            yield f"counter {name} has handed out {value} numbers and has {capacity}"
        expected = Multiset(handed_out(counters[name]))
        missing, surplus = sorted((expected - given[name]).elements()), sorted((given[name] - expected).elements())
        if is_direct(counters[name]):
            missing = []  # its numbers are with those who have asked for them
        if missing or surplus:
            yield f"counter {name} at {value}: missing {missing[:9]}, twice or not handed out {surplus[:9]}"


def handed_out(counter: Item) -> Iterator[int]:
    """The numbers that a counter's options and its value say it has handed out; a cycling one begins again."""
    start, increment, value = (whole(counter, *one) for one in (("start", 1), ("increment", 1), ("value", 0)))
    capacity = whole(counter, "capacity", 0)
    for step in range(value):
        yield start + (step % capacity if capacity and cycles(counter) else step) * increment


def faults_of_order(
    requests: Iterable[Item], counters: Mapping[str, Item], streams: Iterable[Sequence[str]]
) -> Iterator[str]:
    """Where the numbers of a counter do not follow the order of a shard; nothing is said of one that cycles."""
    numbered = {one["requestId"]["S"]: one for one in requests if "number" in one}
    for stream in streams:
        by_counter: dict[str, list[Item]] = defaultdict(list)
        for request_id in stream:
            if request_id in numbered:
                by_counter[numbered[request_id]["counter"]["S"]].append(numbered[request_id])
        for name, mine in by_counter.items():
            if cycles(counters[name]):
                continue
            forwards = whole(counters[name], "increment", 1) > 0
            for one, other in pairwise(mine):
                if (int(one["number"]["N"]) < int(other["number"]["N"])) != forwards:
                    yield f"{other['requestId']['S']} comes behind {one['requestId']['S']}, and its number before"


def whole(item: Item, attribute: str, default: int) -> int:
    """A whole number of an item."""
    return int(item[attribute]["N"]) if attribute in item else default


def cycles(counter: Item) -> bool:
    """Whether it begins again when it is through."""
    return bool(counter.get("cycle", {}).get("BOOL"))


def is_direct(counter: Item) -> bool:
    """Whether it hands its numbers out directly, as one without `allocation` does."""
    return bool(counter.get("allocation", {"S": "direct"})["S"] != "stream")
