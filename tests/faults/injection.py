"""Faults at the processor's boundary: before a call is made, or after it was carried out, its answer lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Moment = Literal["before", "after"]


class Crash(BaseException):
    """The process is gone: nothing in it may catch this."""


@dataclass
class Faults:
    """What happens at which call: botocore says when one is about to be made, and when its answer is there."""

    client: "DynamoDBClient"
    plan: dict[tuple[int, Moment], Callable[[], None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-call.dynamodb", self._before)
        self.client.meta.events.register("after-call.dynamodb", self._after)

    def clear(self) -> None:
        """No faults, and count from 0 again."""
        self.plan.clear()
        self.calls.clear()

    def _before(self, model: Any, **_: object) -> None:
        self.calls.append(model.name)
        self.plan.get((len(self.calls) - 1, "before"), _nothing)()

    def _after(self, **_: object) -> None:
        self.plan.get((len(self.calls) - 1, "after"), _nothing)()


def _nothing() -> None:
    pass


def crash() -> None:
    """Die."""
    raise Crash


def answer(code: str, status: int = 400) -> Callable[[], None]:
    """Have DynamoDB answer with an error."""

    def fail() -> None:
        response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(response, "Call")

    return fail
