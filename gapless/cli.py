"""Every command. Exit codes: 0 done, 1 a request FAILED, 2 wrong usage, 3 not reachable."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from gapless.client import Client, Refused
from gapless.target import NotReachable, find_target

FAILED, USAGE, UNREACHABLE = 1, 2, 3

output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that say which stack a command is about."""
    stack = click.option("--stack", metavar="NAME", help="A deployed stack, by its CloudFormation name.")
    endpoint = click.option(
        "--endpoint",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The file a local stack describes itself in (.gapless/stack.json).",
    )
    return stack(endpoint(command))


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
@click.option(
    "--name", default="gapless-local", show_default=True, help="The stack's name: tables are called after it."
)
@click.option("--shards", default=4, show_default=True, type=click.IntRange(1, 64), help="Shards of the stream.")
@output_option
def up(parameters: tuple[str, ...], output: str, **options: Any) -> None:
    """Run template.yaml on this machine until Ctrl-C."""
    from gapless.local.engine import EngineError, EngineUnavailable
    from gapless.local.gateway import DefinitionError, PortTaken
    from gapless.local.stack import Stack, StackInUse, StackSettings, run_until_signal
    from gapless.local.stream import InvalidMapping, InvalidPattern
    from gapless.local.template import TemplateError

    def ready(stack: Stack) -> None:
        print_line(json.dumps(stack.describe()) if output == "json" else f"ready {stack.api}")

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    settings = StackSettings(parameters=dict(split_parameter(one) for one in parameters), **options)
    wrong = (TemplateError, DefinitionError, InvalidMapping, InvalidPattern)
    with reporting_errors(usage=wrong, unreachable=(EngineUnavailable, EngineError, PortTaken, StackInUse)):
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


@main.group()
def bench() -> None:
    """Measure, each time against something in the same run."""


@bench.command("local")
@click.option("--requests", default=1000, show_default=True, type=click.IntRange(4))
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@output_option
def bench_local(requests: int, clients: int, rounds: int, output: str) -> None:
    """The local stack end to end, against the bare engine at the same two writes a request."""
    from gapless.bench import bench_local
    from gapless.load import TooSlow

    with reporting_errors(unreachable=(TooSlow,)):
        show_report(bench_local(requests, clients, rounds, show_progress), output)


@bench.command("cold-start")
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(1))
@output_option
def bench_cold_start(rounds: int, output: str) -> None:
    """The processor's initialisation, against that of a boto3 client."""
    from gapless.bench import bench_cold_start

    with reporting_errors():
        show_report(bench_cold_start(rounds, show_progress), output)


def show_progress(text: str) -> None:
    """Where a long command is."""
    click.echo(text, err=True)


def show_report(report: Any, output: str) -> None:
    """A bench report as a table, or as JSON."""
    from rich.console import Console
    from rich.table import Table

    from gapless.bench import rows

    if output == "json":
        print_line(json.dumps(report.document()))
        return
    table = Table("", "median", "lowest", "highest")
    for name, figures in rows(report):
        table.add_row(name, *(f"{one:,.2f}" for one in (figures.median, figures.low, figures.high)))
    Console().print(table)


def finish(document: dict[str, Any], output: str) -> NoReturn:
    """Show a request's document and leave with the code that says how it went."""
    if output == "json":
        print_line(json.dumps(document, ensure_ascii=False))
    else:
        for name, value in document.items():
            print_line(f"{name:<12} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    sys.exit(FAILED if document["status"] == "FAILED" else 0)


def read_body(argument: str) -> bytes:
    """The bytes of BODY: the argument itself, a file's, or standard input's."""
    if argument == "-":
        return sys.stdin.buffer.read()
    if argument.startswith("@"):
        try:
            return Path(argument[1:]).read_bytes()
        except OSError as error:
            raise click.UsageError(f"{argument[1:]} cannot be read: {error.strerror}") from None
    return argument.encode("utf-8", "surrogateescape")


def split_parameter(text: str) -> tuple[str, str]:
    """Key=Value as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--parameter {text!r} is not of the form Key=Value")
    return name, value


def print_line(text: str) -> None:
    """A line on standard output, at once and whatever characters the terminal knows."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\n")
    sys.stdout.buffer.flush()


Errors = tuple[type[Exception], ...]


@contextmanager
def reporting_errors(*, usage: Errors = (), unreachable: Errors = ()) -> Iterator[None]:
    """Turn what can go wrong into a line for people and an exit code for programs.

    usage, unreachable: errors of the command's own that mean the one or the other.
    """
    try:
        yield
    except Refused as refusal:
        fail(str(refusal), UNREACHABLE if refusal.status >= 500 or refusal.status == 429 else USAGE)
    except NotReachable as error:
        fail(str(error), UNREACHABLE)
    except unreachable as error:
        fail(str(error), UNREACHABLE)
    except usage as error:
        fail(str(error), USAGE)


def fail(message: str, code: int) -> NoReturn:
    """Say what went wrong and leave."""
    click.echo(f"gapless: {message}", err=True)
    sys.exit(code)
