"""gapless audit as an operator runs it: on a stack that numbers meanwhile, and on tables with a fault in them."""

import json
import resource
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from gapless.client import Client
from gapless.counters import Counters, Options
from gapless.load import connect, send, wait_until_finished
from gapless.local.background import BackgroundStack

REQUESTS = 400


def audit(stack: BackgroundStack, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the command: its exit code, its document, and what it said besides."""
    options = ("--output", "json", "--endpoint", str(stack.folder / "stack.json"))
    command = [sys.executable, "-m", "gapless", "audit", *arguments, *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return result.returncode, json.loads(result.stdout or "{}"), result.stderr


def submit(client: Client, counter: str) -> list[str]:
    """Submit requests, of which one in ten is refused; their ids."""
    bodies = [b'{"lines": []}' if place % 10 == 0 else b"{}" for place in range(REQUESTS)]
    return list(send(client, bodies, clients=4, counter=counter))


def test_no_false_alarm_while_numbering_goes_on(stack: BackgroundStack) -> None:
    counters = Counters(stack.target)
    counters.create("up", Options())
    counters.create("ring", Options(start=5, increment=-1, min=1, cycle=True))
    client = Client(stack.target)
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(submit, client, name) for name in ("up", "ring")]
        audits = [audit(stack, "--all")]
        while not all(one.done() for one in sent):
            audits.append(audit(stack, "--all"))
        wait_until_finished(connect(stack.target), stack.target, [one for some in sent for one in some.result()])
    audits.append(audit(stack, "--all"))
    assert [(code, document["findings"]) for code, document, _ in audits] == [(0, [])] * len(audits)
    assert len(audits) > 2
    *_, (_, last, progress) = audits
    up = next(one for one in last["counters"] if one["counter"] == "up")
    assert up["value"] == up["numbered"] == REQUESTS * 9 // 10
    assert "requests read" in progress


def test_a_fault_is_named_and_is_exit_code_1(stack: BackgroundStack) -> None:
    name, target = f"c-{uuid.uuid4()}", stack.target
    Counters(target).create(name, Options())
    client, dynamodb = Client(target), connect(target)
    ids = list(send(client, [b"{}"] * 5, clients=1, counter=name))
    wait_until_finished(dynamodb, target, ids)
    # Every lane goes on: a number in its last entry whose request is gone is no gap, for it gets a tombstone yet.
    wait_until_finished(dynamodb, target, list(send(client, [b"{}"] * 50, clients=1, counter=name)))
    key = {"requestId": {"S": ids[2]}}
    item = dynamodb.get_item(TableName=target.requests_table, Key=key)["Item"]
    assert audit(stack, name)[0] == 0
    twin = {**item, "requestId": {"S": "twin"}, "number": {"N": "1"}}
    dynamodb.put_item(TableName=target.requests_table, Item=twin)
    dynamodb.delete_item(TableName=target.requests_table, Key=key)
    code, document, _ = audit(stack, name, "--none-expired")
    assert code == 1
    found = {one["kind"]: one for one in document["findings"]}
    assert found.keys() == {"gap", "twin"}
    assert "twin" in found["twin"]["ids"]
    assert found["gap"]["numbers"] == [[int(item["number"]["N"])] * 2]


def test_wrong_usage_is_exit_code_2(stack: BackgroundStack) -> None:
    assert audit(stack)[0] == 2
    assert audit(stack, "a", "--all")[0] == 2
    code, _, error = audit(stack, "nobody")
    assert code == 2
    assert "there is no counter nobody" in error


@pytest.mark.everything
def test_a_hundred_thousand_requests_take_less_than_half_a_minute(stack: BackgroundStack) -> None:
    """By a fifth of them, and by processor time, which other work on the machine stretches less than the clock's."""
    name, target, count = f"c-{uuid.uuid4()}", stack.target, 20_000
    Counters(target).create(name, Options())
    dynamodb = connect(target)
    now = time.time_ns() // 1_000_000

    def put(first: int) -> None:
        items = [
            {
                "requestId": {"S": str(uuid.uuid4())},
                "counter": {"S": name},
                "status": {"S": "DONE"},
                "request": {"S": '{"lines": []}'},
                "result": {"S": "{}"},
                "number": {"N": str(number)},
                **{one: {"N": str(now)} for one in ("receivedAt", "completedAt")},
                "ttl": {"N": str(now // 1000 + 30 * 86_400)},
            }
            for number in range(first, first + 25)
        ]
        dynamodb.batch_write_item(
            RequestItems={target.requests_table: [{"PutRequest": {"Item": one}} for one in items]}
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(1, count + 1, 25)))
    dynamodb.update_item(
        TableName=target.counters_table,
        Key={"counterName": {"S": name}},
        UpdateExpression="SET #value = :value",
        ExpressionAttributeNames={"#value": "value"},
        ExpressionAttributeValues={":value": {"N": str(count)}},
    )
    began = processor_time(stack)
    code, document, _ = audit(stack, name)
    assert (code, document["findings"]) == (0, [])
    assert document["counters"][0]["numbered"] == count
    assert processor_time(stack) - began < 30 * count / 100_000


def processor_time(stack: BackgroundStack) -> float:
    """Seconds that the stack's processes and the commands run so far have computed."""
    parent = psutil.Process(stack.process.pid)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    commands = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.user + one.system for one in times) + commands.ru_utime + commands.ru_stime
