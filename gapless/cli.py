"""Every command, thin."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from gapless.audit_commands import audit, reconcile
from gapless.bench_commands import bench
from gapless.client import Client
from gapless.counter_commands import counter
from gapless.failure_commands import failed, requeue
from gapless.operator_commands import logs, pending, status, sweep, verify
from gapless.options import Duration, check_stack_name, output_option, target_options
from gapless.outage import outage
from gapless.shards import shards
from gapless.target import find_target
from gapless.terminal import (
    finish,
    print_line,
    read_body,
    reporting_errors,
    split_parameter,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gapless")
def main() -> None:
    """Gapless: requests that are numbered without a gap, on this machine and on AWS."""


@main.command()
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep tables and stream positions here.")
@click.option("--parameter", "parameters", multiple=True, metavar="Key=Value", help="A parameter of the template.")
@click.option("--dynamodb-endpoint", metavar="URL", help="Use this DynamoDB instead of the embedded one.")
@click.option("--template", default="template.yaml", show_default=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", default="gapless-local", show_default=True, callback=check_stack_name, help="Tables bear it.")
@click.option("--shards", default=4, show_default=True, type=click.IntRange(1, 64), help="Of the stream, at first.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Of a function, at least.")
@click.option("--outage", type=Duration(), metavar="25h", help="Simulate an outage of that length, see above.")
@output_option
def up(parameters: tuple[str, ...], output: str, outage: int | None, **options: Any) -> None:
    """Run template.yaml on this machine until Ctrl-C.

    --outage simulates one of Lambda: requests are taken, at a time so far in the past, and wait; no stream, schedule or
    queue invokes a function. `gapless outage end` ends it: records older than 24 hours are then lost to the stream, as
    on AWS, and it is the sweeper that finds those requests again. The functions' own clocks always say now.
    """
    from gapless.local.engine import EngineError, EngineUnavailable
    from gapless.local.foreground import run_until_signal
    from gapless.local.gateway import DefinitionError, PortTaken
    from gapless.local.settings import StackInUse, StackSettings
    from gapless.local.stack import Stack
    from gapless.local.stream import InvalidMapping, InvalidPattern
    from gapless.local.template import TemplateError

    def ready(stack: Stack) -> None:
        urls = "".join(f", {name} {url}" for name, url in stack.urls.items())
        during = ", in an outage until `gapless outage end`" if outage else ""
        print_line(json.dumps(stack.describe()) if output == "json" else f"ready {stack.api}{urls}{during}")

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    given = dict(split_parameter(one) for one in parameters)
    settings = StackSettings(parameters=given, outage=outage or 0, **options)
    wrong = (TemplateError, DefinitionError, InvalidMapping, InvalidPattern)
    with reporting_errors(usage=(*wrong, OSError), unreachable=(EngineUnavailable, EngineError, PortTaken, StackInUse)):
        asyncio.run(run_until_signal(settings, lambda line: click.echo(line, err=True), ready))


@main.command()
@click.argument("body")
@click.option("--counter", metavar="NAME", help="The counter that numbers it.")
@click.option("--id", "request_id", metavar="ID", help="Your own id: sending the same again changes nothing.")
@click.option("--wait", is_flag=True, help="Wait until it has its number, or has failed.")
@target_options
@output_option
def submit(
    body: str,
    counter: str | None,
    request_id: str | None,
    wait: bool,
    stack: str | None,
    endpoint: Path | None,
    output: str,
) -> None:
    """Send a request. BODY is a JSON object, @FILE or - for standard input; it is sent byte for byte."""
    with reporting_errors():
        client = Client(find_target(endpoint, stack))
        document = client.submit(read_body(body), counter=counter, request_id=request_id)
        if wait:
            document = client.wait(document["requestId"])
        finish(document, output)


@main.command()
@click.argument("request_id", metavar="ID")
@click.option("--wait", is_flag=True, help="Wait until it has its number, or has failed.")
@target_options
@output_option
def get(request_id: str, wait: bool, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show a request."""
    with reporting_errors():
        client = Client(find_target(endpoint, stack))
        finish(client.wait(request_id) if wait else client.get(request_id), output)


@main.command()
@click.option(
    "--template", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="VTL, or a snippet."
)
@click.option(
    "--event", required=True, type=click.File("rb"), help="body, headers, query, path, stageVariables, context."
)
def render(template: Path, event: Any) -> None:
    """Print what API Gateway would make of a mapping template."""
    from gapless.local.render import render_file
    from gapless.local.velocity import VelocityError

    try:
        document = json.load(event)
    except ValueError as error:
        raise click.UsageError(f"{event.name} is not JSON: {error}") from None
    with reporting_errors(usage=(ValueError, VelocityError)):
        print_line(render_file(template, document))


@main.command()
@output_option
def demo(output: str) -> None:
    """Start the stack, send some requests, watch them get their numbers, stop."""
    from rich.console import Console

    from gapless.demo import run_demo
    from gapless.load import TooSlow

    with reporting_errors(unreachable=(TooSlow,)):
        documents = run_demo(Console(stderr=output == "json"))
    if output == "json":
        print_line(json.dumps(documents, ensure_ascii=False))


for command in (
    audit,
    bench,
    counter,
    failed,
    logs,
    outage,
    pending,
    reconcile,
    requeue,
    shards,
    status,
    sweep,
    verify,
):
    main.add_command(command)
