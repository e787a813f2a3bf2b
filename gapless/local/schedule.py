"""Schedule events: a function invoked at a rate, as an EventBridge rule does it.

What differs from AWS: an invocation that fails is not tried again, and while one takes longer than the rate the next
waits for it.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gapless.local.clock import Clock
from gapless.local.function import Invocation
from gapless.local.template import Site, TemplateError

UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
WITHOUT_LOCAL_EFFECT = {"Description": "a text"}
MAX_INPUT_CHARACTERS = 8_192


@dataclass(frozen=True)
class ScheduleSettings:
    """One rule. seconds: from one invocation to the next; input: the JSON text that is sent instead of an event."""

    name: str
    seconds: int
    input: str | None = None
    enabled: bool = True

    @classmethod
    def from_template(cls, properties: Mapping[str, Any], *, name: str, place: str) -> "ScheduleSettings":
        """Read the resolved Properties of a SAM `Schedule` event.

        name: the rule's, where the template gives none; place: where in the template the properties are.
        Raises TemplateError for an unknown property or a value that EventBridge would refuse.
        Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-schedule.html
        """
        for key in properties:
            if key not in {"Schedule", "Name", "Enabled", "Input", *WITHOUT_LOCAL_EFFECT}:
                raise TemplateError(f"{place}.{key}: not supported on the local stack for a Schedule event")
        enabled = str(properties.get("Enabled", True)).lower()
        if enabled not in ("true", "false"):
            raise TemplateError(f"{place}.Enabled: it is true or false, not {enabled!r}")
        return cls(
            name=properties.get("Name", name),
            seconds=read_rate(properties.get("Schedule"), f"{place}.Schedule"),
            input=check_input(properties.get("Input"), f"{place}.Input"),
            enabled=enabled == "true",
        )


class Schedule:
    """Invokes a function at a rate, the first time when one period has passed.

    site: where the stack stands, which the event says; invoke: runs the function on an event; clock: real time, or a
    test's.
    """

    def __init__(
        self,
        settings: ScheduleSettings,
        *,
        site: Site,
        invoke: Callable[[bytes], Awaitable[Invocation]],
        log: Callable[[str], None],
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._site = site
        self._invoke = invoke
        self._log = log
        self._clock = clock or Clock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, if the rule is enabled."""
        if self._settings.enabled:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, without an invocation that is in flight."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        due = self._clock.time()
        while True:
            due = max(due + self._settings.seconds, self._clock.time())
            await self._clock.sleep(due - self._clock.time())
            await self._fire(due)

    async def _fire(self, due: float) -> None:
        """Invoke once. What goes wrong is logged: it is never the stack's end."""
        event = self._settings.input or json.dumps(scheduled_event(self._settings.name, self._site, due))
        try:
            invocation = await self._invoke(event.encode())
        except Exception as error:
            self._log(f"schedule {self._settings.name}: the function could not be invoked: {error!r}")
            return
        if not invocation.ok:
            self._log(f"schedule {self._settings.name}: the invocation failed: {invocation.reason}")


def scheduled_event(rule: str, site: Site, time: float) -> dict[str, Any]:
    """The event of a rule that fires; rule: its name; time: epoch seconds.

    Source: https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduled.html
    """
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": site.account,
        "time": datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": site.region,
        "resources": [site.arn("events", f"rule/{rule}")],
        "detail": {},
    }


def read_rate(expression: Any, place: str) -> int:
    """The seconds of `rate(5 minutes)`; one minute is `rate(1 minute)`. Raises TemplateError.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    """
    found = re.fullmatch(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)", str(expression))
    if str(expression).startswith("cron("):
        raise TemplateError(f"{place}: cron expressions are not supported on the local stack, only rate expressions")
    if found is None or (found[1] == "1") == (found[3] == "s"):
        raise TemplateError(f"{place}: it is like rate(1 minute), rate(5 minutes) or rate(2 days), not {expression!r}")
    return int(found[1]) * UNITS[found[2]]


def check_input(text: Any, place: str) -> str | None:
    """Input as it is; raises TemplateError when it is no JSON text."""
    if text is None:
        return None
    try:
        json.loads(text)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"{place}: it must be JSON text: {error}") from None
    if len(text) > MAX_INPUT_CHARACTERS:
        raise TemplateError(f"{place}: it has {len(text)} characters; EventBridge allows {MAX_INPUT_CHARACTERS}")
    return str(text)
