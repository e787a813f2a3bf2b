"""What invokes the functions by itself: the consumers of their events, started and stopped together.

DynamoDB ─▶ EventSourceMapping        SQS ─▶ QueueMapping        Schedule ─▶ Schedule
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gapless.local.clock import Clock
from gapless.local.declared import Event
from gapless.local.engine import EngineClient, EngineError, EngineUnavailable
from gapless.local.function import FunctionHost
from gapless.local.provision import find_stream
from gapless.local.queue_mapping import QueueMapping, QueueMappingSettings
from gapless.local.schedule import Schedule, ScheduleSettings
from gapless.local.settings import StackSettings
from gapless.local.stream import EventSourceMapping, MappingSettings, Trimming, write_object
from gapless.local.template import Resource, Site

DRAIN_SECONDS = 5.0


class Consumer(Protocol):
    """Invokes one function, from `start` until `stop` has ended."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""


class Consumers:
    """All of a stack. mappings: those of DynamoDB events.

    folder: the stack's own; site: where it stands; clock: of schedules and streams.
    """

    def __init__(
        self,
        settings: StackSettings,
        folder: Path,
        site: Site,
        engine: EngineClient,
        log: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self.mappings: list[EventSourceMapping] = []
        self._all: list[Consumer] = []
        self._settings = settings
        self._folder = folder
        self._site = site
        self._engine = engine
        self._log = log
        self._clock = clock

    async def add(self, resource: Resource, event: Event, host: FunctionHost) -> None:
        """Make the consumer of one event of a function, not started yet. Raises TemplateError or InvalidMapping."""
        match event.type:
            case "DynamoDB":
                self.mappings.append(await self._make_mapping(resource, event, host))
                self._all.append(self.mappings[-1])
            case "SQS":
                self._all.append(await self._make_queue_mapping(resource, event, host))
            case _:
                self._all.append(self._make_schedule(resource, event, host))

    async def start(self, trimming: Trimming | None = None) -> None:
        """Start them all; what can be wrong with one is raised. trimming: of what the streams hold, after an outage."""
        for consumer in self._all:
            if isinstance(consumer, EventSourceMapping):
                await consumer.start(trimming)
            else:
                await consumer.start()

    async def stop(self) -> None:
        """Stop those that were started, the last one first."""
        for consumer in reversed(self._all):
            await consumer.stop()

    def wake(self) -> None:
        """Something was written: have the streams read at once."""
        for mapping in self.mappings:
            mapping.wake()

    async def drain(self) -> None:
        """Give what has been accepted a moment to be numbered; what is left is found again at the next start."""
        for mapping in self.mappings:
            with contextlib.suppress(TimeoutError, EngineError, EngineUnavailable):
                await mapping.drain(DRAIN_SECONDS)

    async def _make_mapping(self, resource: Resource, event: Event, host: FunctionHost) -> EventSourceMapping:
        table = table_of_stream(event.properties["Stream"])
        data = self._settings.data
        return EventSourceMapping(
            MappingSettings.from_template(event.properties),
            engine=self._engine,
            table_name=table,
            stream_arn=await find_stream(table, f"{event.place}.Stream", self._engine),
            function_arn=self._site.arn("lambda", f"function:{resource.physical_id}"),
            invoke=host.invoke,
            shards=self._settings.shards,
            checkpoint=data / f"stream-{resource.logical_id}-{event.name}.json" if data else None,
            clock=self._clock,
            log=self._log,
            put_object=write_object(self._folder),
        )

    async def _make_queue_mapping(self, resource: Resource, event: Event, host: FunctionHost) -> QueueMapping:
        mapping = QueueMapping(
            QueueMappingSettings.from_template(event.properties),
            engine=self._engine,
            timeout_seconds=resource.properties.get("Timeout", 3),
            invoke=host.invoke,
            log=self._log,
        )
        await mapping.open()
        return mapping

    def _make_schedule(self, resource: Resource, event: Event, host: FunctionHost) -> Schedule:
        name = f"{self._settings.name}-{resource.logical_id}{event.name}"
        settings = ScheduleSettings.from_template(event.properties, name=name, place=event.place)
        return Schedule(settings, site=self._site, invoke=host.invoke, log=self._log, clock=self._clock)


def table_of_stream(stream_arn: str) -> str:
    """The table's name in `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`."""
    return stream_arn.split("/")[1]
