"""One line of a log: when it was written, what it says, and how people read it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

# What Lambda writes around each invocation; a REPORT that has a Status says that it ended badly.
# https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
FRAME = ("INIT_START ", "START RequestId:", "END RequestId:", "REPORT RequestId:")
BADLY = "Status:"
# Said elsewhere in a line, or of no use to somebody who reads.
LEFT_OUT = {"level", "location", "message", "timestamp", "service", "xray_trace_id", "exception", "exception_name"}
LEFT_OUT |= {"stack_trace", "time", "method", "path", "status", "extendedRequestId"}


@dataclass(frozen=True)
class LogLine:
    """at: epoch s; source: which log it is from; text: as it was written."""

    at: float
    source: str
    text: str

    @cached_property
    def document(self) -> dict[str, Any] | None:
        """The line as JSON; None when it is none."""
        return parse(self.text)

    def mentions(self, request_id: str) -> bool:
        """Whether it is about a request."""
        return request_id in self.text if self.document is None else holds(self.document, request_id)

    def render(self) -> str | None:
        """For people; None for what only programs read: metrics, and where an invocation begins and ends."""
        document = self.document
        if document is None:
            is_frame = self.text.startswith(FRAME) and BADLY not in self.text
            return None if is_frame or not self.text.strip() else f"{self._head('')} {self.text.rstrip()}"
        if "_aws" in document:
            return None
        message = document.get("message", "")
        if "method" in document:
            message = " ".join(str(document.get(name, "-")) for name in ("method", "path", "status"))
        if not isinstance(message, str):
            message = json.dumps(message, ensure_ascii=False)
        told = [f"{name}={show(value)}" for name, value in document.items() if name not in LEFT_OUT and value != "-"]
        if "exception" in document:
            told.append(str(document["exception"]).strip().rpartition("\n")[2])
        return " ".join([self._head(str(document.get("level", ""))), message, *told])

    def _head(self, level: str) -> str:
        time = datetime.fromtimestamp(self.at, UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
        return f"{time} {level:<7} {self.source:<9}"


def parse(text: str) -> dict[str, Any] | None:
    """The object of JSON that a line is."""
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def holds(value: Any, text: str) -> bool:
    """Whether a text is one of the values of a document."""
    match value:
        case dict():
            return any(holds(one, text) for one in value.values())
        case list():
            return any(holds(one, text) for one in value)
        case _:
            return bool(value == text)


def show(value: Any) -> str:
    """A value after its name."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_time(text: str) -> float | None:
    """When a line of Powertools was written, epoch s: its `timestamp` is as 2026-11-22 07:06:28,631+0000."""
    document = parse(text) or {}
    try:
        return datetime.strptime(str(document.get("timestamp")), "%Y-%m-%d %H:%M:%S,%f%z").timestamp()
    except ValueError:
        aws = document.get("_aws")
        at = aws.get("Timestamp") if isinstance(aws, dict) else None
        return at / 1000 if isinstance(at, int) else None
