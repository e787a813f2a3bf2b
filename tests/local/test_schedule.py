"""Schedule events: when a function is invoked, with what, and what is refused."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gapless.local.function import Invocation
from gapless.local.schedule import Schedule, ScheduleSettings
from gapless.local.settings import StackSettings
from gapless.local.stack import run_stack
from gapless.local.template import Site, TemplateError
from tests.local.stream.fakes import NOW, FakeTime, in_loop, until
from tests.local.streaming_stack import write_stack

RULE = "arn:aws:events:eu-west-1:123456789012:rule/"


class Function:
    """Keeps its events, and answers with what is in `answers`, an exception being raised."""

    def __init__(self, *answers: Invocation | Exception) -> None:
        self.answers = list(answers)
        self.events: list[dict[str, Any]] = []

    async def invoke(self, event: bytes) -> Invocation:
        """Take the next answer; without one, succeed."""
        self.events.append(json.loads(event))
        answer = self.answers.pop(0) if self.answers else Invocation(True, b"null")
        if isinstance(answer, Exception):
            raise answer
        return answer


def read(expression: str = "rate(5 minutes)", **properties: Any) -> ScheduleSettings:
    """Settings as a template states them."""
    given = {"Schedule": expression, **properties}
    return ScheduleSettings.from_template(given, name="stack-SweeperSchedule", place="Sweeper.Schedule")


@asynccontextmanager
async def scheduled(
    function: Function, settings: ScheduleSettings, log: Callable[[str], None] = print
) -> AsyncIterator[FakeTime]:
    """A schedule that runs by a clock of its own."""
    time = FakeTime(hurry=False)
    schedule = Schedule(
        settings,
        site=Site("stack", "eu-west-1", "123456789012", "http://127.0.0.1"),
        invoke=function.invoke,
        log=log,
        clock=time.clock,
    )
    await schedule.start()
    await time.advance(0)
    try:
        yield time
    finally:
        await schedule.stop()


@in_loop
async def test_the_event_is_eventbridges() -> None:
    function = Function()
    async with scheduled(function, read()) as time:
        await time.advance(300)
    (event,) = function.events
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2027-01-15T08:05:00Z",
        "region": "eu-west-1",
        "resources": [f"{RULE}stack-SweeperSchedule"],
        "detail": {},
    }
    assert NOW == 1_800_000_000  # 08:00:00


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3_600),
        ("rate(12 hours)", 43_200),
        ("rate(1 day)", 86_400),
        ("rate(7 days)", 604_800),
    ],
)
@in_loop
async def test_it_is_invoked_once_a_period_and_not_at_once(expression: str, seconds: int) -> None:
    function = Function()
    async with scheduled(function, read(expression)) as time:
        await time.advance(seconds - 1)
        assert function.events == []
        for number in range(1, 4):
            await time.advance(1)
            assert len(function.events) == number
            await time.advance(seconds - 1)
            assert len(function.events) == number
    assert len({event["id"] for event in function.events}) == 3


@in_loop
async def test_a_failed_invocation_is_logged_and_the_next_one_comes() -> None:
    lines: list[str] = []
    function = Function(Invocation.failed("ValueError", "no table"), RuntimeError("stopped"))
    async with scheduled(function, read(), lines.append) as time:
        for _ in range(3):
            await time.advance(300)
    assert len(function.events) == 3
    assert ["ValueError: no table" in lines[0], "RuntimeError('stopped')" in lines[1], len(lines)] == [True, True, 2]
    assert all("schedule stack-SweeperSchedule" in line for line in lines)


@in_loop
async def test_input_takes_the_place_of_the_event_and_name_of_the_rules() -> None:
    own, named = Function(), Function()
    async with scheduled(own, read(Input='{"only": "requests"}', Description="any text")) as time:
        await time.advance(300)
    async with scheduled(named, read(Name="my-rule", Enabled="true")) as time:
        await time.advance(300)
    assert own.events == [{"only": "requests"}]
    assert named.events[0]["resources"] == [f"{RULE}my-rule"]


@in_loop
async def test_a_rule_that_is_not_enabled_never_fires() -> None:
    function = Function()
    async with scheduled(function, read(Enabled=False)) as time:
        await time.advance(3_000)
    assert function.events == []


@in_loop
async def test_a_stack_runs_the_schedules_of_its_template(tmp_path: Path) -> None:
    lines: list[str] = []
    settings = StackSettings(template=write_stack(tmp_path / "stack"), port=0, data=tmp_path / "data")
    time = FakeTime(hurry=False)

    def swept() -> list[dict[str, Any]]:
        return [json.loads(line.removeprefix("sweep ")) for line in lines if line.startswith("sweep {")]

    async with run_stack(settings, lines.append, time.clock):
        await time.advance(299)
        assert swept() == []
        await time.advance(1)
        await until(lambda: swept() != [])
    (event,) = swept()
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/gapless-local-SweeperSchedule"]
    assert event["detail-type"] == "Scheduled Event"


@pytest.mark.parametrize(
    ("expression", "properties", "message"),
    [
        ("cron(0 12 * * ? *)", {}, "cron expressions are not supported"),
        ("rate(5 minute)", {}, "like rate"),
        ("rate(1 minutes)", {}, "like rate"),
        ("rate(0 minutes)", {}, "like rate"),
        ("rate(5 seconds)", {}, "like rate"),
        ("5 minutes", {}, "like rate"),
        ("", {}, "like rate"),
        ("rate(5 minutes)", {"Enabled": "maybe"}, r"Schedule\.Enabled: it is true or false"),
        ("rate(5 minutes)", {"Input": "{no"}, r"Schedule\.Input: it must be JSON text"),
        ("rate(5 minutes)", {"Input": {"an": "object"}}, r"Schedule\.Input: it must be JSON text"),
        ("rate(5 minutes)", {"Input": f'"{"x" * 8_192}"'}, "EventBridge allows 8192"),
        ("rate(5 minutes)", {"Rate": 3}, r"Sweeper\.Schedule\.Rate: not supported"),
        ("rate(5 minutes)", {"RetryPolicy": {}}, "RetryPolicy: not supported"),
    ],
)
def test_what_is_not_supported_is_refused(expression: str, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        read(expression, **properties)
