"""SQS events: what a function is invoked with, which messages come again, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.local.engine import Answer, EmbeddedEngine, EngineClient, EngineError
from gapless.local.function import Invocation
from gapless.local.provision import create_queue
from gapless.local.queue_mapping import QueueMapping, QueueMappingSettings
from gapless.local.stream import InvalidMapping
from gapless.local.template import Resource
from tests.local.stream.fakes import in_loop, until
from tests.local.streaming_stack import events_swept, put, streaming_stack
from tests.waiting import wait_until

ARN = "arn:aws:sqs:eu-west-1:000000000000:failures"


class FakeQueue:
    """A queue that shows a message once, and again when told that its time is over; and the function that reads it,
    which answers with what is in `answers` and then with null."""

    def __init__(self, *bodies: str, answers: tuple[Any, ...] = (), visibility: int = 60) -> None:
        self.messages = {str(number): body for number, body in enumerate(bodies)}
        self.answers = list(answers)
        self.events: list[list[str]] = []
        self.failing: list[EngineError] = []
        self.polls = 0
        self._hidden: set[str] = set()
        self._visibility = visibility

    def send(self, body: str) -> None:
        """Add a message."""
        self.messages[str(len(self.messages))] = body

    def show_again(self) -> None:
        """The visibility timeout of everything that was received is over."""
        self._hidden.clear()

    async def invoke(self, event: bytes) -> Invocation:
        """Run the function."""
        self.events.append([record["body"] for record in json.loads(event)["Records"]])
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Invocation) else Invocation(True, json.dumps(answer).encode())

    async def call(self, target: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The four actions of SQS that a mapping uses."""
        match target.removeprefix("AmazonSQS."):
            case "GetQueueUrl":
                return {"QueueUrl": "http://engine/failures"}
            case "GetQueueAttributes":
                return {"Attributes": {"VisibilityTimeout": str(self._visibility)}}
            case "ReceiveMessage":
                return self._receive(request["MaxNumberOfMessages"])
            case "DeleteMessageBatch":
                for entry in request["Entries"]:
                    del self.messages[entry["ReceiptHandle"]]
        return {}

    def _receive(self, most: int) -> dict[str, Any]:
        self.polls += 1
        if self.failing:
            raise self.failing.pop()
        ids = [one for one in self.messages if one not in self._hidden][:most]
        self._hidden |= set(ids)
        messages = [
            {"MessageId": one, "ReceiptHandle": one, "Body": self.messages[one], "MD5OfBody": "-"} for one in ids
        ]
        return {"Messages": messages} if messages else {}

    async def post(self, target: str, body: bytes) -> Answer:
        raise AssertionError("a mapping reads the documents of answers")


def read(**properties: Any) -> QueueMappingSettings:
    """Settings as a template states them."""
    return QueueMappingSettings.from_template({"Queue": ARN, **properties})


@asynccontextmanager
async def polling(queue: FakeQueue, *, timeout_seconds: float = 30, **properties: Any) -> AsyncIterator[list[str]]:
    """A mapping of the queue to its function; gives what it logs."""
    lines: list[str] = []
    mapping = QueueMapping(
        read(**properties), engine=queue, timeout_seconds=timeout_seconds, invoke=queue.invoke, log=lines.append
    )
    await mapping.open()
    await mapping.start()
    try:
        yield lines
    finally:
        await mapping.stop()


@in_loop
async def test_what_the_function_is_done_with_is_deleted() -> None:
    queue = FakeQueue("a", "b", "c")
    async with polling(queue, BatchSize=2):
        await until(lambda: queue.messages == {})
    assert queue.events == [["a", "b"], ["c"]]


@in_loop
async def test_what_failed_is_left_and_comes_again_when_its_time_is_over() -> None:
    queue = FakeQueue("a", "b", answers=(Invocation.failed("ValueError", "no table"), RuntimeError("stopped")))
    async with polling(queue) as lines:
        await until(lambda: len(queue.events) == 1 and queue.polls > 1)
        assert (len(queue.messages), len(queue.events)) == (2, 1)  # polled again, not seen again
        queue.show_again()
        await until(lambda: len(queue.events) == 2)
        queue.show_again()
        await until(lambda: queue.messages == {})
    assert queue.events == [["a", "b"]] * 3
    assert ["2 of 2 messages failed: ValueError: no table" in lines[0], "RuntimeError" in lines[1]] == [True, True]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (None, []),
        ({}, []),
        ({"batchItemFailures": []}, []),
        ({"batchItemFailures": None}, []),
        ({"batchItemFailures": [{"itemIdentifier": "1"}]}, ["1"]),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, ["0", "1", "2"]),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, ["0", "1", "2"]),
        ({"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "7"}]}, ["0", "1", "2"]),
        ({"batchItemFailures": [{"messageId": "1"}]}, ["0", "1", "2"]),
        ("not an object", ["0", "1", "2"]),
        (Invocation(True, b"{no"), ["0", "1", "2"]),
    ],
)
@in_loop
async def test_reported_messages_alone_come_again(answer: Any, left: list[str]) -> None:
    queue = FakeQueue("a", "b", "c", answers=(answer,))
    async with polling(queue, FunctionResponseTypes=["ReportBatchItemFailures"]):
        await until(lambda: len(queue.events) == 1 and queue.polls > 1)
    assert sorted(queue.messages) == left


@in_loop
async def test_an_answer_says_nothing_unless_it_is_asked_for() -> None:
    queue = FakeQueue("a", answers=({"batchItemFailures": [{"itemIdentifier": "0"}]},))
    async with polling(queue):
        await until(lambda: queue.messages == {})


@in_loop
async def test_a_batching_window_waits_for_more() -> None:
    queue = FakeQueue("a")
    async with polling(queue, BatchSize=2, MaximumBatchingWindowInSeconds=30):
        await until(lambda: queue.polls > 1)
        assert queue.events == []
        queue.send("b")
        await until(lambda: queue.messages == {})
    assert queue.events == [["a", "b"]]


@in_loop
async def test_a_queue_that_does_not_answer_is_polled_again() -> None:
    queue = FakeQueue("a")
    queue.failing = [EngineError("InternalError", "down", 500)]
    async with polling(queue) as lines:
        await until(lambda: queue.messages == {})
    assert "does not answer" in lines[0]


@in_loop
async def test_stopping_waits_for_the_invocation_in_flight() -> None:
    queue = FakeQueue("a")
    began, may_end = asyncio.Event(), asyncio.Event()

    async def invoke(event: bytes) -> Invocation:
        began.set()
        await may_end.wait()
        return Invocation(True, b"null")

    mapping = QueueMapping(read(), engine=queue, timeout_seconds=1, invoke=invoke, log=print)
    await mapping.open()
    await mapping.start()
    await began.wait()
    stopping = asyncio.create_task(mapping.stop())
    await asyncio.sleep(0)
    may_end.set()
    await stopping
    assert queue.messages == {}


@in_loop
async def test_a_mapping_that_is_not_enabled_polls_nothing() -> None:
    queue = FakeQueue("a")
    async with polling(queue, Enabled="false"):
        await asyncio.sleep(0)
    assert queue.polls == 0


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"BatchSize": 0}, "BatchSize must be from 1"),
        ({"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, "BatchSize must be at most 10"),
        ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds must be from 0 to 300"),
        ({"FunctionResponseTypes": ["All"]}, "FunctionResponseTypes"),
        ({"Enabled": "perhaps"}, "Enabled must be true or false"),
        ({"FilterCriteria": {"Filters": []}}, "FilterCriteria: not supported"),
        ({"Queue": f"{ARN}.fifo"}, "FIFO is not supported"),
        ({"Queue": ""}, "Queue must be the ARN"),
    ],
)
def test_what_is_not_supported_is_refused(properties: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidMapping, match=message):
        read(**properties)


@in_loop
async def test_a_message_may_not_come_back_while_the_function_works_on_it() -> None:
    with pytest.raises(InvalidMapping, match="VisibilityTimeout of 60 s, shorter than the function's Timeout of 61 s"):
        async with polling(FakeQueue(), timeout_seconds=61):
            pass


@in_loop
async def test_the_event_is_lambdas_on_the_embedded_engine(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, persist=False)
    client = EngineClient(await engine.start(), "eu-west-1")
    events: list[dict[str, Any]] = []

    async def invoke(event: bytes) -> Invocation:
        events.append(json.loads(event))
        return Invocation(True, b"null")

    try:
        for seconds in (30, 90):  # a queue that is there gets the attributes that it is to have now
            properties = {"VisibilityTimeout": seconds}
            await create_queue(Resource("Failures", "AWS::SQS::Queue", properties, "failures"), client)
        url = (await client.call("AmazonSQS.GetQueueUrl", {"QueueName": "failures"}))["QueueUrl"]
        attributes = {"kind": {"DataType": "String", "StringValue": "stream"}}
        message = {"QueueUrl": url, "MessageBody": "näch", "MessageAttributes": attributes}
        await client.call("AmazonSQS.SendMessage", message)
        mapping = QueueMapping(read(), engine=client, timeout_seconds=90, invoke=invoke, log=print)
        await mapping.open()
        await mapping.start()
        await until(lambda: events != [])
        await mapping.stop()
        left = await client.call("AmazonSQS.GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]})
    finally:
        await client.close()
        await engine.stop()
    assert left["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"
    (record,) = events[0]["Records"]
    assert record.pop("attributes").keys() >= {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert [len(record.pop(name)) for name in ("messageId", "md5OfBody", "md5OfMessageAttributes")] == [36, 32, 32]
    assert record.pop("receiptHandle")
    assert record == {
        "body": "näch",
        "messageAttributes": {
            "kind": {"stringValue": "stream", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-west-1",
    }


def failure_of(event: dict[str, Any]) -> dict[str, Any]:
    """The failure record in an SQS event."""
    (record,) = event["Records"]
    failure: dict[str, Any] = json.loads(record["body"])
    return failure


def test_a_batch_that_was_given_up_on_reaches_the_function_that_reads_the_failure_queue(tmp_path: Path) -> None:
    with streaming_stack(tmp_path) as stack:
        put(stack, "poison")
        (event,) = wait_until("the sweeper to be told", lambda: events_swept(stack))
    failure = failure_of(event)
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 2
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1


@pytest.mark.everything
def test_the_queue_is_the_embedded_engines_when_the_tables_are_elsewhere(tmp_path: Path) -> None:
    with run_dynamodb_local() as endpoint, streaming_stack(tmp_path, "--dynamodb-endpoint", endpoint) as stack:
        put(stack, "poison")
        (event,) = wait_until("the sweeper to be told", lambda: events_swept(stack))
    assert failure_of(event)["DDBStreamBatchInfo"]["batchSize"] == 1
