"""What commands read and print, and how they end: 0 done, 1 a request FAILED, 2 wrong usage, 3 not reachable."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from gapless.client import Refused
from gapless.target import NotReachable

FAILED, USAGE, UNREACHABLE = 1, 2, 3

Errors = tuple[type[Exception], ...]


def show_progress(text: str) -> None:
    """Where a long command is."""
    click.echo(text, err=True)


def show_report(report: Any, output: str) -> None:
    """A bench report as a table, or as JSON."""
    from rich.console import Console
    from rich.table import Table

    from gapless.bench.figures import rows

    if output == "json":
        print_line(json.dumps(asdict(report)))
        return
    table = Table("", "median", "lowest", "highest")
    for name, figures in rows(report):
        table.add_row(name, *(f"{one:,.2f}" for one in (figures.median, figures.low, figures.high)))
    Console().print(table)


def show_counters(documents: list[dict[str, Any]], output: str) -> None:
    """Counters as a table, or a line of JSON each."""
    from rich.console import Console
    from rich.table import Table

    if output == "json":
        for document in documents:
            print_line(json.dumps(document))
        return
    table = Table()
    for column in ("counter", "value", "count", "start", "increment", "min", "max", "cycle", "allocation"):
        table.add_column(column)
    for document in documents:
        table.add_row(*("" if value is None else str(value) for value in document.values()))
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
