"""Conversations with the protocol: each operation it is to ask for, and what that is answered."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from batch import Rules
from counter import Counter
from operations import Commit, Committed, Operation, Outcome, WriteStamps

T = TypeVar("T")
O = TypeVar("O")  # noqa: E741 - an operation

Script = list[tuple[Operation | type, Any]]

NOW = 1_700_000_100_000  # epoch ms; records.RECEIVED is 100 s before
RULES = Rules("requests", most_resends=3, now=lambda: NOW, new_key=lambda: b"journal key 0001")


@dataclass
class Conversation(Generic[T]):
    """What came of it, and the operations that were asked for."""

    result: T
    asked: list[Operation]

    def the(self, kind: type[O]) -> O:
        """The one operation of a kind."""
        (one,) = [operation for operation in self.asked if isinstance(operation, kind)]
        return one


def follow(steps: Generator[Operation, Any, T], *script: tuple[Operation | type, Any]) -> Conversation[T]:
    """Answer the operations as the script has them, and see that there are no others.

    script: an operation, or its class when any will do; and its answer: a value, an exception that it raises, or a
    function from the operation to its answer.
    """
    asked: list[Operation] = []
    lines = iter(script)
    answer: Any = None
    try:
        while True:
            operation = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
            expected, answer = next(lines, (None, None))
            matches = isinstance(operation, expected) if isinstance(expected, type) else operation == expected
            assert matches, f"asked for {operation}\nwhere the script has {expected}"
            asked.append(operation)
            answer = answer(operation) if callable(answer) else answer
    except StopIteration as end:
        left = list(lines)
        assert not left, f"ended before {left[0][0]}"
        return Conversation(end.value, asked)


def raised_by(steps: Generator[Operation, Any, Any], *script: tuple[Operation | type, Any]) -> Exception:
    """The exception that a conversation ends with."""
    try:
        conversation = follow(steps, *script)
    except AssertionError:
        raise
    except Exception as failure:
        return failure
    raise AssertionError(f"nothing was raised, and the result is {conversation.result}")


def committed(counter: Counter) -> Callable[[Commit], Committed]:
    """Answers a commit with success: the counter as the commit leaves it."""

    def answer(commit: Commit) -> Committed:
        entry = replace(commit.entry, base=counter.value)
        after = replace(
            counter,
            value=counter.value + commit.taken,
            version=(counter.version or 0) + 1,
            fence=(counter.fence or 0) + commit.raises_fence,
            verify_until=counter.verify_until if commit.verify_until is None else commit.verify_until,
            lanes={**counter.lanes, commit.lane: entry},
            exists=True,
        )
        return Committed(True, after)

    return answer


def written(operation: WriteStamps) -> list[Outcome]:
    """Answers stamps with success."""
    return [Outcome.WRITTEN] * len(operation.stamps)
