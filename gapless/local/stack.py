"""Starts and stops the whole stack: engine, tables and queues, functions and what invokes them, gateway.

template.yaml ─▶ load ─▶ provision ─▶ engine (ministack, or --dynamodb-endpoint)
                   ├──▶ FunctionHost, one a function ◀─┬─ Consumers, of its DynamoDB, SQS and Schedule events
                   │                                   ├─ FunctionUrl on a port of its own, one a FunctionUrlConfig
                   │                                   └─ Control on a port of its own: invoke, split, merge
                   └──▶ Gateway on 127.0.0.1:PORT ──▶ engine
"""

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from gapless.local.clock import Clock
from gapless.local.consumers import Consumers
from gapless.local.control import Control
from gapless.local.declared import read_events, read_function, read_url
from gapless.local.engine import EmbeddedEngine, EngineClient
from gapless.local.function import FunctionHost
from gapless.local.function_url import FunctionUrl, FunctionUrlSettings
from gapless.local.gateway import Gateway, read_api, serve
from gapless.local.log_file import LogFile
from gapless.local.outage import Outage
from gapless.local.provision import provision
from gapless.local.settings import StackSettings, local_parameters, working_folder
from gapless.local.template import Resource, Template, load

REGION = "us-east-1"
ACCOUNT = "000000000000"
MOST_LANES = 10  # of a shard: the highest ParallelizationFactor
MOST_PROCESSES = 4  # of a function that reads no stream; further calls wait, where Lambda would start another


class Stack:
    """A running stack.

    api: the URL with its stage; api_keys: those that open it, where it takes any; control: the URL of the control
    endpoint; engine: speaks to the tables' engine; functions: by name; urls: those of functions that have one, by short
    name; consumers: what invokes functions; outage: the simulated one.
    """

    def __init__(
        self,
        settings: StackSettings,
        folder: Path,
        template: Template,
        engine: EngineClient,
        log: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """folder: the one it works in, --data's or one that goes with the stack."""
        self._settings = settings
        self._log = log
        self._logs = folder.resolve() / "logs"
        self.template = template
        self.engine = engine
        self.api = ""
        self.api_keys: list[str] = []
        self.control = ""
        self.functions: dict[str, FunctionHost] = {}
        self.urls: dict[str, str] = {}
        self.consumers = Consumers(settings, folder, template.site, engine, log, clock)
        self.outage = Outage(settings.outage, self.consumers, clock)

    def describe(self) -> dict[str, Any]:
        """What other programs need to use the stack."""
        tables = {short(one, "Table"): one.physical_id for one in self.template.of_type("AWS::DynamoDB::Table")}
        queues = {
            short(one, "Queue"): f"{self.engine.sqs}/{ACCOUNT}/{one.physical_id}"
            for one in self.template.of_type("AWS::SQS::Queue")
        }
        functions = {
            short(one, "Function"): self.describe_function(one)
            for one in self.template.of_type("AWS::Serverless::Function")
        }
        # Said only when there is something to say: by default everybody may call a local stack, and nothing is killed.
        outputs = {
            "authorization": ("Authorization", "NONE"),
            "killOneIn": ("KillOneIn", "0"),
            "retentionDays": ("RetentionDays", ""),
            "failedRetentionDays": ("FailedRetentionDays", ""),
        }
        found = {name: str(self.template.outputs.get(output, usual)) for name, (output, usual) in outputs.items()}
        said: dict[str, Any] = {name: value for name, value in found.items() if value != outputs[name][1]}
        if self.api_keys:
            said["apiKey"] = self.api_keys[0]
        if self.outage.seconds:
            said["outageSeconds"] = self.outage.seconds
        return said | {
            "api": self.api,
            "control": self.control,
            "dynamodb": self.engine.dynamodb,
            "region": self.engine.region,
            "tables": tables,
            "queues": queues,
            "functions": functions,
            "logs": str(self._logs),
            "pid": os.getpid(),
        }

    def describe_function(self, resource: Resource) -> dict[str, Any]:
        """Its name, a process of it if there is one, and its URL if it has one."""
        pid = next(iter(self.functions[resource.physical_id].pids()), None)
        url = self.urls.get(short(resource, "Function"))
        return {"name": resource.physical_id, "pid": pid, **({"url": url} if url else {})}

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

    def make_function(self, resource: Resource, file: LogFile, *, streaming: bool) -> FunctionHost:
        """The host of one function, not started yet. One that reads no stream starts no process until it is invoked.

        file: keeps what it prints.
        """

        def log(line: str) -> None:
            file.write(line)
            self._log(line)

        host = FunctionHost(
            read_function(resource, self.template, self.engine.dynamodb),
            processes=self._settings.processes if streaming else 0,
            concurrency=max(
                self._settings.shards * MOST_LANES if streaming else MOST_PROCESSES, self._settings.processes
            ),
            log=log,
            on_change=self.write_description,
        )
        self.functions[resource.physical_id] = host
        return host

    def make_log_file(self, resource: Resource) -> LogFile:
        """Where the lines of one function are kept."""
        return LogFile(self._logs / f"{short(resource, 'Function')}.log")

    def make_url(self, resource: Resource, settings: FunctionUrlSettings, host: FunctionHost) -> FunctionUrl:
        """The URL of one function, not served yet."""
        return FunctionUrl(settings, name=resource.physical_id, account=ACCOUNT, invoke=host.invoke, log=self._log)


@asynccontextmanager
async def run_stack(
    settings: StackSettings, log: Callable[[str], None], clock: Clock | None = None
) -> AsyncIterator[Stack]:
    """Run the stack for as long as the context lasts; whatever was started is stopped, in reverse order.

    log: gets the lines that functions print and what the parts have to say; clock: the time of schedules and event
    source mappings, the real one by default.
    Raises TemplateError, DefinitionError, InvalidMapping, InvalidPattern, PortTaken, EngineUnavailable, EngineError or
    StackInUse.
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
        await provision(template, engine, folder)
        stack = Stack(settings, folder, template, engine, log, clock or Clock())
        stack.api_keys = sorted(api.api_keys)
        for key in stack.api_keys:
            log(f"the API takes x-api-key: {key}")
        for resource in template.of_type("AWS::Serverless::Function"):
            events = list(read_events(resource))
            file = stack.make_log_file(resource)
            exits.callback(file.close)
            host = stack.make_function(resource, file, streaming=any(event.type == "DynamoDB" for event in events))
            exits.push_async_callback(host.stop)
            await host.start()
            for event in events:
                await stack.consumers.add(resource, event, host)
            if (url := read_url(resource)) is not None:
                serving = await serve(stack.make_url(resource, url, host).handle, 0)
                exits.push_async_callback(serving.stop)
                stack.urls[short(resource, "Function")] = f"{serving.url}/"
        exits.push_async_callback(stack.consumers.stop)
        if not settings.outage:
            await stack.consumers.start()
        exits.push_async_callback(stack.consumers.drain)
        control = Control(stack.functions, stack.consumers.mappings, stack.outage, stack.write_description)
        exits.push_async_callback(control.stop)
        stack.control = await control.start()
        running = await serve(
            Gateway(api, engine, clock=stack.outage.time, on_write=stack.consumers.wake).handle, settings.port
        )
        exits.push_async_callback(running.stop)
        stack.api = f"{running.url}/{api.stage}"
        exits.callback(stack.remove_description)
        stack.write_description()
        yield stack


def short(resource: Resource, kind: str) -> str:
    """A logical id without the name of its kind: RequestsTable is `requests`."""
    name = resource.logical_id.removesuffix(kind)
    return name[:1].lower() + name[1:]
