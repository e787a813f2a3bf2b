"""Operations are carried out until they are answered, and what cannot be is told to the protocol."""

from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from connection import Patience, Setback, Settings
from operations import Operation, Pause, ReadCounter
from store import Tables, carry_out


class Failing:
    """A client whose first calls fail, and the others find nothing."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.calls = 0

    def get_item(self, **_: object) -> dict[str, Any]:
        self.calls += 1
        if self._failures:
            raise self._failures.pop(0)
        return {}


def client_error(code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "GetItem")


def make_patience(seconds: float) -> Patience:
    """A clock that only the pauses move."""
    now = [0.0]
    return Patience(seconds, clock=lambda: now[0], sleep=lambda pause: now.__setitem__(0, now[0] + pause))


def test_a_call_that_fails_is_made_again(settings: Settings) -> None:
    client: Any = Failing(client_error("ThrottlingException"), ReadTimeoutError(endpoint_url="http://x"))
    assert Tables(client, settings).perform(ReadCounter("c"), make_patience(10)) is None
    assert client.calls == 3


def test_trouble_that_lasts_is_raised_when_the_time_is_up(settings: Settings) -> None:
    client: Any = Failing(*[client_error("ThrottlingException")] * 10_000)
    with pytest.raises(Setback, match="ThrottlingException"):
        Tables(client, settings).perform(ReadCounter("c"), make_patience(10))
    assert 10 < client.calls < 10_000


def test_what_can_never_succeed_is_not_repeated(settings: Settings) -> None:
    client: Any = Failing(client_error("AccessDeniedException"))
    with pytest.raises(ClientError, match="AccessDenied"):
        Tables(client, settings).perform(ReadCounter("c"), make_patience(10))
    assert client.calls == 1


def test_too_late_for_a_call_none_is_made(settings: Settings) -> None:
    client: Any = Failing()
    with pytest.raises(TimeoutError):
        Tables(client, settings).perform(ReadCounter("c"), make_patience(0))
    assert client.calls == 0


def test_each_operation_is_performed_and_its_answer_or_failure_sent_back() -> None:
    def steps() -> Generator[Operation, Any, list[Any]]:
        heard: list[Any] = [(yield Pause(1))]
        try:
            yield Pause(2)
        except ConnectionError as failure:
            heard.append(str(failure))
        heard.append((yield Pause(3)))
        return heard

    def perform(operation: Operation) -> Any:
        assert isinstance(operation, Pause)
        if operation.attempt == 2:
            raise ConnectionError("down")
        return operation.attempt

    assert carry_out(steps(), perform) == [1, "down", 3]


def test_a_failure_that_the_protocol_does_not_take_ends_it() -> None:
    def steps() -> Generator[Operation, Any, None]:
        yield Pause(1)
        raise AssertionError("went on")

    def perform(_: Operation) -> Any:
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        carry_out(steps(), perform)


def test_a_process_that_is_killed_is_not_a_failure_to_the_protocol() -> None:
    """Nothing is cleaned up, decided or written on the way out."""
    heard: list[BaseException] = []

    def steps() -> Generator[Operation, Any, None]:
        try:
            yield Pause(1)
        except Exception as failure:
            heard.append(failure)

    def perform(_: Operation) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(steps(), perform)
    assert heard == []
