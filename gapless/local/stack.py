"""Starts and stops the whole stack: engine, tables and queues, functions, event source mappings, gateway.

template.yaml ─▶ load ─▶ provision ─▶ engine (ministack, or --dynamodb-endpoint)
                   ├──▶ FunctionHost, one a function ◀── EventSourceMapping, one a DynamoDB event
                   └──▶ Gateway on 127.0.0.1:PORT ──▶ engine
"""

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from gapless.local.engine import EmbeddedEngine, EngineClient, EngineError, EngineUnavailable
from gapless.local.function import FunctionHost, FunctionSettings
from gapless.local.gateway import Gateway, read_api, serve
from gapless.local.provision import find_stream, provision, refuse_unknown
from gapless.local.settings import StackSettings, local_parameters, working_folder
from gapless.local.stream import EventSourceMapping, MappingSettings, write_object
from gapless.local.template import Resource, Template, TemplateError, load

REGION = "us-east-1"
ACCOUNT = "000000000000"
DRAIN_SECONDS = 5.0
LONGEST_TIMEOUT = 900  # seconds of a Lambda function
MOST_LANES = 10  # of a shard: the highest ParallelizationFactor

FUNCTION_RUNS = {"CodeUri", "Handler", "Environment", "Timeout", "MemorySize", "Events", "FunctionName"}
FUNCTION_WITHOUT_LOCAL_EFFECT = {
    "Architectures": "the handler runs on this machine's processor",
    "Description": "a text",
    "LoggingConfig": "logs go to the terminal",
    "Role": "nothing is forbidden to the stack's own parts; the policy tests read the roles",
    "Runtime": "the handler runs on the interpreter that runs the stack",
    "Tags": "nobody pays",
}


class Stack:
    """A running stack. `api` is the URL with its stage; `engine` speaks to the tables' engine."""

    def __init__(
        self,
        settings: StackSettings,
        folder: Path,
        template: Template,
        engine: EngineClient,
        log: Callable[[str], None],
    ) -> None:
        """folder: the one it works in, --data's or one that goes with the stack."""
        self._settings = settings
        self._folder = folder
        self._log = log
        self.template = template
        self.engine = engine
        self.api = ""
        self.functions: dict[str, FunctionHost] = {}
        self.mappings: list[EventSourceMapping] = []

    def describe(self) -> dict[str, Any]:
        """What other programs need to use the stack."""
        tables = {short(one, "Table"): one.physical_id for one in self.template.of_type("AWS::DynamoDB::Table")}
        functions = {name: {"pid": next(iter(host.pids()), None)} for name, host in self.functions.items()}
        # Said only when there is something to say: by default everybody may call a local stack.
        authorization = self.template.outputs.get("Authorization", "NONE")
        return ({} if authorization == "NONE" else {"authorization": authorization}) | {
            "api": self.api,
            "dynamodb": self.engine.dynamodb,
            "region": self.engine.region,
            "tables": tables,
            "functions": functions,
            "pid": os.getpid(),
        }

    def write_description(self) -> None:
        """Keep the stack file true: a function's process may be replaced."""
        if not self.api:
            return
        path = self._settings.stack_file
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(self.describe()) + "\n")
        fresh.replace(path)

    def remove_description(self) -> None:
        """Take the stack file away, unless it is another stack's by now; from here on it is not written again."""
        self.api = ""
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(self._settings.stack_file.read_text())["pid"] == os.getpid():
                self._settings.stack_file.unlink()

    def make_function(self, resource: Resource) -> FunctionHost:
        """The host of one function, not started yet."""
        place = f"Resources.{resource.logical_id}.Properties"
        refuse_unknown(resource, FUNCTION_RUNS | FUNCTION_WITHOUT_LOCAL_EFFECT.keys())
        properties = resource.properties
        for name in ("CodeUri", "Handler"):
            if not isinstance(properties.get(name), str):
                raise TemplateError(f"{place}.{name}: a function needs it on the local stack, as text")
        if not str(properties.get("Runtime")).startswith("python"):
            raise TemplateError(f"{place}.Runtime: only Python's runtimes are supported on the local stack")
        if not 1 <= (timeout := properties.get("Timeout", 3)) <= LONGEST_TIMEOUT:
            raise TemplateError(f"{place}.Timeout: it has 1 to {LONGEST_TIMEOUT} seconds, not {timeout}")
        code = self.template.path.parent / properties["CodeUri"]
        if not code.is_dir():
            raise TemplateError(f"{place}.CodeUri: there is no folder {code}")
        variables = properties.get("Environment", {}).get("Variables", {})
        settings = FunctionSettings(
            name=resource.physical_id,
            handler=properties["Handler"],
            code=code,
            arn=self.template.site.arn("lambda", f"function:{resource.physical_id}"),
            environment={
                **{name: str(value) for name, value in variables.items()},
                "AWS_ENDPOINT_URL_DYNAMODB": self.engine.dynamodb,
            },
            timeout_seconds=timeout,
            memory_mb=properties.get("MemorySize", 128),
        )
        in_flight = self._settings.shards * MOST_LANES
        host = FunctionHost(settings, concurrency=in_flight, log=self._log, on_change=self.write_description)
        self.functions[short(resource, "Function")] = host
        return host

    async def make_mapping(
        self, resource: Resource, event: str, properties: dict[str, Any], host: FunctionHost
    ) -> EventSourceMapping:
        """The event source mapping of one DynamoDB event of a function, not started yet."""
        table = table_of_stream(properties["Stream"])
        place = f"Resources.{resource.logical_id}.Properties.Events.{event}.Properties.Stream"
        data = self._settings.data
        mapping = EventSourceMapping(
            MappingSettings.from_template(properties),
            engine=self.engine,
            table_name=table,
            stream_arn=await find_stream(table, place, self.engine),
            function_arn=self.template.site.arn("lambda", f"function:{resource.physical_id}"),
            invoke=host.invoke,
            shards=self._settings.shards,
            checkpoint=data / f"stream-{resource.logical_id}-{event}.json" if data else None,
            log=self._log,
            put_object=write_object(self._folder),
        )
        self.mappings.append(mapping)
        return mapping

    def wake(self) -> None:
        """Something was written: have the streams read at once."""
        for mapping in self.mappings:
            mapping.wake()

    async def drain(self) -> None:
        """Give what has been accepted a moment to be numbered; what is left is found again at the next start."""
        for mapping in self.mappings:
            with contextlib.suppress(TimeoutError, EngineError, EngineUnavailable):
                await mapping.drain(DRAIN_SECONDS)


@asynccontextmanager
async def run_stack(settings: StackSettings, log: Callable[[str], None]) -> AsyncIterator[Stack]:
    """Run the stack for as long as the context lasts; whatever was started is stopped, in reverse order.

    log: gets the lines that functions print and what the parts have to say.
    Raises TemplateError, DefinitionError, InvalidMapping, PortTaken, EngineUnavailable, EngineError or StackInUse.
    """
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(working_folder(settings.data))
        embedded = EmbeddedEngine(folder, persist=settings.data is not None)
        exits.push_async_callback(embedded.stop)
        endpoint = await embedded.start()
        engine = EngineClient(settings.dynamodb_endpoint or endpoint, REGION, sqs=endpoint)
        exits.push_async_callback(engine.close)
        template = load(
            settings.template,
            local_parameters(settings),
            stack_name=settings.name,
            region=REGION,
            account=ACCOUNT,
            endpoint=endpoint,
        )
        api = read_api(template)
        for key in sorted(api.api_keys):
            log(f"the API takes x-api-key: {key}")
        await provision(template, engine, folder)
        stack = Stack(settings, folder, template, engine, log)
        for resource in template.of_type("AWS::Serverless::Function"):
            host = stack.make_function(resource)
            exits.push_async_callback(host.stop)
            await host.start()
            for event, properties in dynamodb_events(resource):
                mapping = await stack.make_mapping(resource, event, properties, host)
                exits.push_async_callback(mapping.stop)
                await mapping.start()
        exits.push_async_callback(stack.drain)
        running = await serve(Gateway(api, engine, on_write=stack.wake), settings.port)
        exits.push_async_callback(running.stop)
        stack.api = f"{running.url}/{api.stage}"
        exits.callback(stack.remove_description)
        stack.write_description()
        yield stack


def dynamodb_events(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and properties of a function's DynamoDB events; raises TemplateError for an event of another kind."""
    for name, event in resource.properties.get("Events", {}).items():
        if event["Type"] != "DynamoDB":
            place = f"Resources.{resource.logical_id}.Properties.Events.{name}"
            raise TemplateError(f"{place}: events of type {event['Type']} are not supported on the local stack")
        yield name, event["Properties"]


def table_of_stream(stream_arn: str) -> str:
    """The table's name in `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`."""
    return stream_arn.split("/")[1]


def short(resource: Resource, kind: str) -> str:
    """A logical id without the name of its kind: RequestsTable is `requests`."""
    name = resource.logical_id.removesuffix(kind)
    return name[:1].lower() + name[1:]
