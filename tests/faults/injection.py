"""Faults at the processor's boundary: before a call is made, or after it was carried out, its answer lost."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Moment = Literal["before", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "after")


class Crash(BaseException):
    """The process is gone: nothing in it may catch this."""


@dataclass
class Faults:
    """What happens at which call: botocore says when one is about to be made, and when its answer is there.

    Stamps go out from several threads at once, so calls are counted under a lock, and each thread keeps its own place.
    """

    plan: dict[tuple[int, Moment], Callable[[], None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    happened: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._own = threading.local()

    def clear(self) -> None:
        """No faults, and count from 0 again."""
        with self._lock:
            self.plan.clear()
            self.calls.clear()
            self.happened = 0

    def before(self, model: Any, **_: object) -> None:
        """A call is about to be made."""
        with self._lock:
            self._own.place = len(self.calls)
            self.calls.append(model.name)
        self._strike("before")

    def after(self, **_: object) -> None:
        """Its answer is there."""
        self._strike("after")

    def _strike(self, moment: Moment) -> None:
        fault = self.plan.get((self._own.place, moment))
        if fault:
            with self._lock:
                self.happened += 1
            fault()


@contextmanager
def inject(client: "DynamoDBClient") -> Iterator[Faults]:
    """Faults between the client and its calls, for as long as the context lasts."""
    faults = Faults()
    client.meta.events.register("before-call.dynamodb", faults.before)
    client.meta.events.register("after-call.dynamodb", faults.after)
    yield faults
    client.meta.events.unregister("before-call.dynamodb", faults.before)
    client.meta.events.unregister("after-call.dynamodb", faults.after)


def crash() -> None:
    """Die."""
    raise Crash


def answer(code: str, status: int = 400) -> Callable[[], None]:
    """Have DynamoDB answer with an error."""

    def fail() -> None:
        response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(response, "Call")

    return fail
