"""SQS events: a function invoked with the messages of a queue, as Lambda's event source mapping for SQS does it.

    receive ─▶ invoke(event) ─▶ succeeded: delete          failed: leave it, and it is visible again when the queue's
                                                           VisibilityTimeout is over

What differs from Lambda: one batch at a time, where Lambda begins with five; and a poll does not wait for messages but
comes again soon, so that the stack never stops in the middle of one and leaves behind a message that nobody has.
Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from gapless.local.engine import Engine, EngineError, EngineUnavailable
from gapless.local.function import Invocation
from gapless.local.stream import InvalidMapping
from gapless.local.stream.lane import report_crash
from gapless.local.stream.settings import take_flag, take_number, take_response_types

POLL_SECONDS = 0.25
ENGINE_RETRY_SECONDS = 1.0
STOP_GRACE_SECONDS = 10.0
MOST_RECEIVED = 10  # messages of one ReceiveMessage
WITHOUT_LOCAL_EFFECT = {
    "KmsKeyArn": "nothing is encrypted here",
    "MetricsConfig": "nobody reads metrics here",
    "ScalingConfig": "there is one batch at a time",
}

Message = Mapping[str, Any]


@dataclass(frozen=True)
class QueueMappingSettings:
    """One mapping. queue_arn: the queue's; batch_size: messages; batching_window: seconds to wait for so many."""

    queue_arn: str
    batch_size: int = 10
    batching_window: int = 0
    report_item_failures: bool = False
    enabled: bool = True

    @property
    def queue(self) -> str:
        """The queue's name."""
        return self.queue_arn.rpartition(":")[2]

    @classmethod
    def from_template(cls, properties: Mapping[str, Any]) -> "QueueMappingSettings":
        """Read the resolved Properties of a SAM `SQS` event.

        Raises InvalidMapping for an unknown property, or a value out of its limits or not supported here.
        Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
        """
        rest = {name: value for name, value in properties.items() if name not in WITHOUT_LOCAL_EFFECT}
        settings = cls(
            queue_arn=str(rest.pop("Queue", "")),
            batch_size=take_number(rest, "BatchSize", 10, 1, 10_000),
            batching_window=take_number(rest, "MaximumBatchingWindowInSeconds", 0, 0, 300),
            report_item_failures=take_response_types(rest),
            enabled=take_flag(rest, "Enabled", True),
        )
        if rest:
            raise InvalidMapping(f"{', '.join(sorted(rest))}: not supported on the local stack for an SQS event")
        if not settings.queue or settings.queue.endswith(".fifo"):
            raise InvalidMapping("Queue must be the ARN of a standard queue; FIFO is not supported on the local stack")
        if settings.batch_size > MOST_RECEIVED:
            raise InvalidMapping(f"BatchSize must be at most {MOST_RECEIVED} on the local stack for an SQS event")
        return settings


class QueueMapping:
    """Polls a queue of the engine and invokes a function with what it finds.

    timeout_seconds: the function's; invoke: runs it on an event.
    """

    def __init__(
        self,
        settings: QueueMappingSettings,
        *,
        engine: Engine,
        timeout_seconds: float,
        invoke: Callable[[bytes], Awaitable[Invocation]],
        log: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._timeout = timeout_seconds
        self._invoke = invoke
        self._log = log
        self._name = f"event source mapping of {settings.queue}"
        self._url = ""
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Find the queue.

        Raises InvalidMapping when there is no such queue, or when its VisibilityTimeout is shorter than the function's
        Timeout, which Lambda refuses: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        try:
            self._url = (await self._call("GetQueueUrl", QueueName=self._settings.queue))["QueueUrl"]
        except EngineError as error:
            raise InvalidMapping(f"Queue: the stack has no queue {self._settings.queue}: {error}") from error
        found = await self._call("GetQueueAttributes", QueueUrl=self._url, AttributeNames=["VisibilityTimeout"])
        visibility = int(found["Attributes"]["VisibilityTimeout"])
        if visibility < self._timeout:
            raise InvalidMapping(
                f"the queue {self._settings.queue} has a VisibilityTimeout of {visibility} s, shorter than the "
                f"function's Timeout of {self._timeout:g} s; AWS recommends six times that Timeout"
            )

    async def start(self) -> None:
        """Begin to poll, if the mapping is enabled; `open` comes before it."""
        if self._settings.enabled:
            self._task = asyncio.create_task(self._run())
            report_crash(self._task, self._name, self._log)

    async def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Stop after the invocation in flight, or without it when it takes longer than the grace: its messages are
        visible again when their time is over."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=grace_seconds)
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                messages = await self._gather()
                if messages:
                    await self._process(messages)
                else:
                    await self._pause(POLL_SECONDS)
            except (EngineError, EngineUnavailable) as error:
                self._log(f"{self._name}: the queue does not answer, trying again: {error!r}")
                await self._pause(ENGINE_RETRY_SECONDS)

    async def _gather(self) -> list[Message]:
        """A batch: what is there, or what has come until the window that its first message opens is over."""
        messages = await self._receive(self._settings.batch_size)
        until = monotonic() + self._settings.batching_window
        while 0 < len(messages) < self._settings.batch_size and monotonic() < until and not self._stopping.is_set():
            await self._pause(min(POLL_SECONDS, until - monotonic()))
            messages += await self._receive(self._settings.batch_size - len(messages))
        return messages

    async def _process(self, messages: Sequence[Message]) -> None:
        """Invoke the function once, and delete what it is done with."""
        event = json.dumps({"Records": [to_record(one, self._settings.queue_arn) for one in messages]})
        try:
            invocation = await self._invoke(event.encode())
        except RuntimeError as error:
            self._log(f"{self._name}: the function could not be invoked: {error!r}")
            return
        failed = read_failures(invocation, messages, report_item_failures=self._settings.report_item_failures)
        if failed:
            why = invocation.reason or invocation.payload[:200].decode(errors="replace")
            self._log(f"{self._name}: {len(failed)} of {len(messages)} messages failed: {why}")
        await self._delete([one for one in messages if one["MessageId"] not in failed])

    async def _receive(self, most: int) -> list[Message]:
        answer = await self._call(
            "ReceiveMessage",
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    async def _delete(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        entries = [{"Id": str(place), "ReceiptHandle": one["ReceiptHandle"]} for place, one in enumerate(messages)]
        answer = await self._call("DeleteMessageBatch", QueueUrl=self._url, Entries=entries)
        for failure in answer.get("Failed") or []:
            self._log(f"{self._name}: a message could not be deleted, and comes again: {failure}")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), max(seconds, 0.0))
        except TimeoutError:
            return

    async def _call(self, action: str, **request: Any) -> dict[str, Any]:
        return await self._engine.call(f"AmazonSQS.{action}", request)


def to_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """A message of ReceiveMessage as it stands in an event.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {"stringListValues": [], "binaryListValues": []}
            | {key[:1].lower() + key[1:]: value for key, value in attribute.items()}
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    digest = message.get("MD5OfMessageAttributes")
    return record | ({"md5OfMessageAttributes": digest} if digest else {})


def read_failures(invocation: Invocation, messages: Sequence[Message], *, report_item_failures: bool) -> set[str]:
    """The ids of the messages that are to come again.

    Without ReportBatchItemFailures what the function answers says nothing. With it no answer, and an empty or null
    batchItemFailures, are a success; an answer without the right form and an identifier that is no message's fail all.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    everything = {one["MessageId"] for one in messages}
    if not invocation.ok:
        return everything
    if not report_item_failures:
        return set()
    try:
        response = json.loads(invocation.payload or b"null") or {}
        failed = {failure["itemIdentifier"] for failure in response.get("batchItemFailures") or []}
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return failed if failed <= everything else everything
