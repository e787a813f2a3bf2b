"""Reads the tables at the end and says what is wrong with them; knows the promises, not how they are kept."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]


def scan(dynamodb: "DynamoDBClient", table: str) -> list[Item]:
    """Every item of a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def find_faults(target: Target) -> list[str]:
    """Every breach of a promise that the tables show, as a sentence each; none on a quiet, sound stack."""
    dynamodb = connect(target)
    requests = scan(dynamodb, target.requests_table)
    counters = {one["counterName"]["S"]: one for one in scan(dynamodb, target.counters_table)}
    return [*faults_of_requests(requests), *faults_of_numbers(requests, counters)]


def faults_of_requests(requests: list[Item]) -> Iterator[str]:
    """What is wrong with a request by itself: promise 5, and that nothing is left waiting."""
    for request in requests:
        name, status = request["requestId"]["S"], request["status"]["S"]
        if status not in ("DONE", "FAILED"):
            yield f"{name} is {status}"
        if (status == "DONE") != ("number" in request):
            yield f"{name} is {status} and {'has' if 'number' in request else 'has no'} number"
        if (status == "FAILED") != ("error" in request):
            yield f"{name} is {status} and {'has' if 'error' in request else 'has no'} error"
        if "ttl" in request and "completedAt" not in request:
            yield f"{name} has a ttl and is not finished"


def faults_of_numbers(requests: list[Item], counters: Mapping[str, Item]) -> Iterator[str]:
    """What is wrong with a counter's numbers: promise 2."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        if "number" in request:
            numbers[request["counter"]["S"]].append(int(request["number"]["N"]))
    for name in numbers.keys() | counters.keys():
        counter = counters.get(name)
        if counter is None:
            yield f"counter {name} has numbers and is not there"
            continue
        start, increment = (int(counter.get(one, {"N": "1"})["N"]) for one in ("start", "increment"))
        value = int(counter.get("value", {"N": "0"})["N"])
        expected = [start + step * increment for step in range(value)]
        given = sorted(numbers[name], reverse=increment < 0)
        twins = sorted({number for number in given if given.count(number) > 1}) if len(set(given)) < len(given) else []
        if given != expected:
            missing, foreign = sorted(set(expected) - set(given)), sorted(set(given) - set(expected))
            yield f"counter {name} at {value}: missing {missing[:9]}, twice {twins[:9]}, out of range {foreign[:9]}"
