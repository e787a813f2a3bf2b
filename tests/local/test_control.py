"""A running stack asked from the outside: its functions invoked as on AWS, its shards split and merged."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gapless.local.background import BackgroundStack
from tests.local.stack_files import replace_in
from tests.local.streaming_stack import events_read, put, streaming_stack, wait_for_events, write_stack
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """One stack for the module."""
    with streaming_stack(tmp_path_factory.mktemp("control"), "--shards", "2") as stack:
        yield stack


@pytest.fixture(scope="module")
def functions(stack: BackgroundStack) -> Any:
    """Lambda's client of the module's stack."""
    return lambda_client(stack)


def lambda_client(stack: BackgroundStack) -> Any:
    """Lambda's client, as any program has it."""
    return boto3.client(
        "lambda",
        endpoint_url=stack.target.lambda_endpoint,
        region_name=stack.target.region,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def shards(stack: BackgroundStack, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """What `gapless shards` prints."""
    command = [sys.executable, "-m", "gapless", "shards", *arguments, "--endpoint", str(stack.folder / "stack.json")]
    result = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()] or [{"error": result.stderr}]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 409),  # no outage that could be ended
        ({"Host": "localhost"}, 409),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "leads-here.example"}, 403),
    ],
)
def test_pages_of_a_browser_are_kept_out(stack: BackgroundStack, headers: dict[str, str], status: int) -> None:
    url = f"{stack.target.lambda_endpoint}/outage/end"
    assert urllib3.request("POST", url, headers=headers, retries=False, timeout=30).status == status


class TestInvoke:
    def test_a_function_that_reads_no_stream_has_no_process_before_it_is_invoked(
        self, stack: BackgroundStack, functions: Any
    ) -> None:
        assert stack.description["functions"]["sweeper"] == {"name": "gapless-local-Sweeper", "pid": None}
        assert stack.description["functions"]["reader"]["name"] == "gapless-local-Reader"
        assert isinstance(stack.description["functions"]["reader"]["pid"], int)
        functions.invoke(FunctionName=stack.target.sweeper)
        described = json.loads((stack.folder / "stack.json").read_text())
        assert isinstance(described["functions"]["sweeper"]["pid"], int)

    @pytest.mark.parametrize("form", ["{}", "{}:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:{}"])
    def test_it_answers_as_lambda_does(self, stack: BackgroundStack, functions: Any, form: str) -> None:
        answer = functions.invoke(FunctionName=form.format(stack.target.sweeper), Payload=b'{"n\xc3\xa9e": [1]}')
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in answer
        assert json.loads(answer["Payload"].read()) == {
            "event": {"née": [1]},
            "name": "gapless-local-Sweeper",
            "sweeps": "1",
        }

    def test_no_payload_is_an_empty_event(self, stack: BackgroundStack, functions: Any) -> None:
        answer = functions.invoke(FunctionName=stack.target.sweeper)
        assert json.loads(answer["Payload"].read())["event"] == {}

    def test_what_a_function_raises_is_in_the_payload(self, stack: BackgroundStack, functions: Any) -> None:
        answer = functions.invoke(FunctionName=stack.target.sweeper, Payload=b'{"raise": "no table"}')
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        error = json.loads(answer["Payload"].read())
        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no table")

    @pytest.mark.parametrize(
        ("changes", "code", "status"),
        [
            ({"FunctionName": "no-such"}, "ResourceNotFoundException", 404),
            ({"FunctionName": "gapless-local-Sweeper:7"}, "ResourceNotFoundException", 404),
            ({"Payload": b"{no"}, "InvalidRequestContentException", 400),
            ({"Payload": b'"' + b"x" * 6_291_456 + b'"'}, "RequestTooLargeException", 413),
            ({"InvocationType": "Event"}, "InvalidParameterValueException", 400),
        ],
    )
    def test_what_lambda_refuses_is_refused_in_its_words(
        self, stack: BackgroundStack, functions: Any, changes: dict[str, Any], code: str, status: int
    ) -> None:
        with pytest.raises(ClientError) as raised:
            functions.invoke(**{"FunctionName": stack.target.sweeper, **changes})
        assert raised.value.response["Error"]["Code"] == code
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        if status == 404:
            assert isinstance(raised.value, functions.exceptions.ResourceNotFoundException)


class TestShards:
    def test_a_split_and_a_merge_while_records_come(self, stack: BackgroundStack) -> None:
        low, high = shards(stack, "list")
        assert low.keys() == {
            "function",
            "shardId",
            "parents",
            "hashes",
            "status",
            "unfinished",
            "iteratorAge",
            "lastResult",
        }
        assert [one["function"] for one in (low, high)] == ["gapless-local-Reader"] * 2
        put(stack, *(f"first-{number}" for number in range(20)))
        (split,) = shards(stack, "split", low["shardId"])
        put(stack, *(f"second-{number}" for number in range(20)))
        (merged,) = shards(stack, "merge", split["opened"][1], high["shardId"])
        put(stack, *(f"third-{number}" for number in range(20)))
        wait_until("all to be read", lambda: sum(len(one["keys"]) for one in events_read(stack)) == 60)
        events = events_read(stack)
        assert len({key for event in events for key in event["keys"]}) == 60
        left = [split["opened"][0], *merged["opened"]]
        wait_until("the parents to end", lambda: sorted(one["shardId"] for one in shards(stack, "list")) == left)
        shard_ids = [event["shardId"] for event in events]
        assert set(shard_ids) <= {low["shardId"], high["shardId"], *split["opened"], *merged["opened"]}
        last_of_parents = max(shard_ids.index(one) for one in {low["shardId"], high["shardId"]} & set(shard_ids))
        assert last_of_parents < shard_ids.index(merged["opened"][0])
        closed = {low["shardId"], high["shardId"], split["opened"][1]} & {
            event["shardId"] for event in events_read(stack) if event["keys"]
        }
        finals = [event["shardId"] for event in events_read(stack) if event["isFinalInvokeForWindow"]]
        assert sorted(finals) == sorted(closed)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("split", "shardId-0"), "no open shard shardId-0; open are: shardId-"),
            (("split", "a/b c"), "no open shard a/b c; open are: shardId-"),
            (("merge", "FIRST", "FIRST"), "not neighbours"),
            (("merge", "FIRST"), "takes 2 values"),
        ],
    )
    def test_a_mistake_is_a_sentence_and_exit_code_2(
        self, stack: BackgroundStack, arguments: tuple[str, ...], message: str
    ) -> None:
        first = shards(stack, "list")[0]["shardId"]
        (answer,) = shards(stack, *(one.replace("FIRST", first) for one in arguments), code=2)
        assert message in " ".join(answer["error"].split())

    def test_people_get_columns(self, stack: BackgroundStack) -> None:
        command = [sys.executable, "-m", "gapless", "shards", "list", "--endpoint", str(stack.folder / "stack.json")]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert [line.split()[0] for line in result.stdout.splitlines()] == [
            one["shardId"] for one in shards(stack, "list")
        ]

    def test_a_stack_that_does_not_answer_is_exit_code_3(self, tmp_path: Path, stack: BackgroundStack) -> None:
        (tmp_path / "stack.json").write_text(json.dumps(stack.description | {"control": "http://127.0.0.1:9"}))
        silent = BackgroundStack(stack.process, tmp_path, stack.description)
        (answer,) = shards(silent, "list", code=3)
        assert "does not answer at http://127.0.0.1:9/shards" in answer["error"]


def test_a_stop_does_not_wait_for_an_invocation(tmp_path: Path) -> None:
    with streaming_stack(tmp_path) as stack, ThreadPoolExecutor(1) as caller:
        payload = json.dumps({"sleep": 25}).encode()
        answer = caller.submit(lambda_client(stack).invoke, FunctionName=stack.target.sweeper, Payload=payload)
        wait_until("the function to be at work", lambda: 'sweep {"sleep": 25}' in stack.log)
        began = monotonic()
        assert stack.stop() == 0
        assert monotonic() - began < 20
        with pytest.raises(BotoCoreError):
            answer.result()
    assert "Traceback" not in stack.log


def test_a_split_outlives_the_stack(tmp_path: Path) -> None:
    with streaming_stack(tmp_path, "--shards", "1") as stack:
        put(stack, "before")
        wait_for_events(stack, 1)
        (split,) = shards(stack, "split", shards(stack, "list")[0]["shardId"])
    with streaming_stack(tmp_path, "--shards", "1") as stack:
        hashes = [one["hashes"] for one in shards(stack, "list")]
        assert sorted(hashes) == ["00000000-7fffffff", "80000000-ffffffff"]
        put(stack, "after")
        wait_until("it to be read", lambda: any("after" in one["keys"] for one in events_read(stack)))
    keys = [key for event in events_read(stack) for key in event["keys"]]
    assert keys == ["before", "after"]
    shard_ids = [event["shardId"] for event in events_read(stack) if event["keys"]]
    assert shard_ids[1] not in {shard_ids[0], *split["opened"]}  # the engine's stream is another one by now


def test_successive_batches_of_a_shard_meet_different_processes(tmp_path: Path) -> None:
    with streaming_stack(tmp_path, "--shards", "1", "--processes", "2") as stack:
        for number in range(6):
            put(stack, str(number))
            wait_for_events(stack, number + 1)
        events = events_read(stack)
    assert len({event["pid"] for event in events}) == 2
    assert all(one["pid"] != other["pid"] for one, other in pairwise(events))
    count = 0
    for event in events:  # every quarter of an hour a window ends, which is an event as well
        assert event["state"] == ({"count": count} if count else {})
        count = 0 if event["isFinalInvokeForWindow"] else count + len(event["keys"])


def test_without_lanes_there_is_no_window(tmp_path: Path) -> None:
    with streaming_stack(tmp_path, "--parameter", "Lanes=off") as stack:
        put(stack, "a")
        (event,) = wait_for_events(stack, 1)
    assert event.keys() == {"pid", "keys"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rate(5 minutes)", "'cron(0 12 * * ? *)'", "Events.Schedule.Properties.Schedule: cron expressions are not"),
        ("rate(5 minutes)", "every minute", "Events.Schedule.Properties.Schedule: it is like rate(1 minute)"),
        (
            "Description:",
            "RetryPolicy: {}, Description:",
            "Properties.Events.Schedule.Properties.RetryPolicy: not supp",
        ),
        ("Type: Schedule,", "Type: ScheduleV2,", "Events.Schedule: events of type ScheduleV2 are not supported"),
    ],
)
def test_a_schedule_that_is_not_supported_is_refused_at_the_start(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    template = write_stack(tmp_path / "stack")
    replace_in(template, old, new)
    command = [sys.executable, "-m", "gapless", "up", "--port", "0", "--template", str(template)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
