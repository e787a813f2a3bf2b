"""failed, requeue and logs as an operator uses them: what they print, and their exit codes."""

import json
import signal
import subprocess
import sys
import threading
import uuid
from typing import Any

import pytest

from gapless.client import Client
from gapless.counters import Counters, Options
from gapless.load import connect
from gapless.local.background import BackgroundStack
from tests.waiting import wait_until

Result = subprocess.CompletedProcess[bytes]


@pytest.fixture
def counter() -> str:
    """A counter's name that no other test has, and no counter yet."""
    return f"counter-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def failures(stack: BackgroundStack, counter: str) -> list[str]:
    """Three requests that failed because there is no such counter, oldest first."""
    client = Client(stack.target)
    ids = []
    for number in range(3):
        ids.append(client.submit(json.dumps({"née": number}).encode(), counter=counter)["requestId"])
        assert client.wait(ids[-1])["error"]["code"] == "UnknownCounter"
    return ids


def gapless(stack: BackgroundStack, *arguments: str) -> Result:
    """Run a command on the stack."""
    command = [sys.executable, "-m", "gapless", *arguments, "--endpoint", str(stack.folder / "stack.json")]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def lines(result: Result) -> list[Any]:
    """A document a line."""
    assert result.returncode in (0, 1), result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_failures_are_listed_the_newest_first(stack: BackgroundStack, counter: str, failures: list[str]) -> None:
    listed = lines(gapless(stack, "failed", "list", "--counter", counter, "--output", "json"))
    assert [one["requestId"] for one in listed] == failures[::-1]
    assert listed[0].keys() == {"requestId", "counter", "code", "message", "completedAt", "requeuedAs"}
    assert (listed[0]["counter"], listed[0]["code"], listed[0]["requeuedAs"]) == (counter, "UnknownCounter", None)
    table = gapless(stack, "failed", "list", "--counter", counter)
    assert table.returncode == 0
    assert b"UnknownCounter" in table.stdout


def test_a_list_can_be_narrowed(stack: BackgroundStack, counter: str, failures: list[str]) -> None:
    assert lines(gapless(stack, "failed", "list", "--counter", "nobodys", "--output", "json")) == []
    of_counter = ("failed", "list", "--counter", counter, "--output", "json")
    assert lines(gapless(stack, *of_counter, "--code", "Rejected")) == []
    assert len(lines(gapless(stack, *of_counter, "--code", "UnknownCounter"))) == 3
    limited = gapless(stack, *of_counter, "--limit", "2")
    assert [one["requestId"] for one in lines(limited)] == failures[:0:-1]
    assert b"there are more than these 2" in limited.stderr


def test_a_failure_is_shown_whole(stack: BackgroundStack, counter: str, failures: list[str]) -> None:
    (shown,) = lines(gapless(stack, "failed", "show", failures[0], "--output", "json"))
    assert shown["request"] == json.dumps({"née": 0})
    assert (shown["status"], shown["counter"], shown["error"]["code"]) == ("FAILED", counter, "UnknownCounter")
    assert {"receivedAt", "completedAt"} <= shown.keys()
    text = gapless(stack, "failed", "show", failures[0]).stdout.decode().splitlines()
    assert text[-1].split(maxsplit=1) == ["request", json.dumps({"née": 0})]


def test_what_has_not_failed_is_not_shown(stack: BackgroundStack) -> None:
    request_id = Client(stack.target).submit(b"{}")["requestId"]
    Client(stack.target).wait(request_id)
    refused = gapless(stack, "failed", "show", request_id)
    assert (refused.returncode, b"is DONE, not FAILED" in refused.stderr) == (2, True)
    unknown = gapless(stack, "failed", "show", "nobody")
    assert (unknown.returncode, b"there is no request nobody" in unknown.stderr) == (2, True)


def test_requeue_says_what_it_would_do_and_does_it_once(
    stack: BackgroundStack, counter: str, failures: list[str]
) -> None:
    of_counter = ("requeue", "--all", "--counter", counter, "--output", "json")
    dry = gapless(stack, *of_counter)
    assert (dry.returncode, b"nothing was changed: --yes does it" in dry.stderr) == (0, True)
    assert sorted(one["requestId"] for one in lines(dry)) == sorted(failures)
    assert {one["outcome"] for one in lines(dry)} == {"possible"}
    assert len(lines(gapless(stack, *of_counter, "--code", "Rejected"))) == 0

    Counters(stack.target).create(counter, Options())
    done = lines(gapless(stack, *of_counter, "--yes"))
    assert {one["outcome"] for one in done} == {"done"}
    client = Client(stack.target)
    for one in done:
        new = client.wait(one["requeuedAs"])
        assert (new["status"], new["requeueOf"]) == ("DONE", one["requestId"])
        assert new["request"] == client.get(one["requestId"])["request"]
    assert Counters(stack.target).show(counter).count == 3

    assert lines(gapless(stack, *of_counter, "--yes")) == []
    again = gapless(stack, "requeue", *failures, "--yes")
    assert again.returncode == 0
    assert again.stdout.decode().count("requeued before as") == 3
    listed = lines(gapless(stack, "failed", "list", "--counter", counter, "--output", "json"))
    assert {one["requeuedAs"] for one in listed} == {one["requeuedAs"] for one in done}


def test_one_that_cannot_be_requeued_is_exit_code_1(stack: BackgroundStack, counter: str, failures: list[str]) -> None:
    key = {"requestId": {"S": failures[0]}}
    table = stack.target.requests_table
    connect(stack.target).update_item(
        TableName=table, Key=key, UpdateExpression="REMOVE #request", ExpressionAttributeNames={"#request": "request"}
    )
    mixed = gapless(stack, "requeue", *failures, "nobody", "--yes", "--output", "json")
    assert mixed.returncode == 1
    assert [one["outcome"] for one in lines(mixed)] == ["refused", "done", "done", "refused"]
    assert [one.get("reason") for one in lines(mixed)][::3] == [
        "the item is damaged: no request",
        "there is no such request, or it has expired",
    ]
    assert lines(gapless(stack, "failed", "show", failures[0], "--output", "json"))[0]["counter"] == counter


@pytest.mark.parametrize(
    "arguments",
    [("requeue",), ("requeue", "a", "--all"), ("requeue", "a", "--code", "X"), ("failed", "list", "--limit", "0")],
)
def test_wrong_usage_is_exit_code_2(stack: BackgroundStack, arguments: tuple[str, ...]) -> None:
    result = gapless(stack, *arguments)
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr


def test_logs_tell_what_became_of_a_request(stack: BackgroundStack, counter: str, failures: list[str]) -> None:
    def written() -> Any:
        return lines(gapless(stack, "logs", "processor", "--request", failures[0], "--output", "json"))

    (line,) = wait_until("the line is there", written)
    assert (line["message"], line["counter"], line["code"]) == ("refused", counter, "UnknownCounter")
    text = gapless(stack, "logs", "--request", failures[0]).stdout.decode()
    assert text.endswith(f"processor refused requestId={failures[0]} counter={counter} code=UnknownCounter\n")
    assert gapless(stack, "logs", "api").returncode == 2
    assert gapless(stack, "logs", "--since", "soon").returncode == 2


def test_followed_logs_end_by_an_interrupt(stack: BackgroundStack) -> None:
    command = [sys.executable, "-m", "gapless", "logs", "--follow", "--endpoint", str(stack.folder / "stack.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
        assert following.stdout
        assert following.stderr
        watchdog = threading.Timer(60, following.kill)
        watchdog.start()
        first = Client(stack.target).submit(b"{}")["requestId"]
        while first.encode() not in (line := following.stdout.readline()):
            assert line
        second = Client(stack.target).submit(b"{}")["requestId"]
        while second.encode() not in (line := following.stdout.readline()):
            assert line
        following.send_signal(signal.SIGINT)
        assert following.wait() == 0
        watchdog.cancel()
        assert following.stderr.read() == b""
