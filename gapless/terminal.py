"""What commands read and print, and how they end: 0 done, 1 a request FAILED, 2 wrong usage, 3 not reachable."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError

from gapless.client import Refused
from gapless.target import NotReachable

if TYPE_CHECKING:
    from gapless.bench.numbering import Row

FAILED, USAGE, UNREACHABLE = 1, 2, 3

WIDE = 5000  # columns
Errors = tuple[type[Exception], ...]
AWS_ERRORS: Errors = (BotoCoreError, ClientError)  # their text names the action that was not allowed

CAPTION = (
    "size: of a batch, by shards at once. Write and read units, calls, failed attempts and ms of CPU are those of a "
    "number; rate: numbers a second; ratio: to naive, in the same round. Medians, and lowest-highest. "
    "crash: a process dies at a call and another is given its batch; how many runs ended with a gap or a twin."
)


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


def show_designs(rows: Sequence["Row"], output: str) -> None:
    """What `bench numbering` has measured, as a table by batch and shards, or as JSON."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if output == "json":
        print_line(json.dumps([asdict(row) for row in rows]))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0, caption=CAPTION, caption_justify="left")
    for column in ("size", "design", "WCU", "RCU", "calls", "fail", "CPU", "rate", "ratio", "crash"):
        table.add_column(column, justify="left" if column in ("size", "design") else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            f"{row.batch} x {row.shards}",
            row.design,
            f"{row.wcu_per_number:.4f}",
            f"{row.rcu_per_number:.2f}",
            f"{row.requests_per_number:.4f}",
            f"{row.failed_per_number:.2f}",
            f"{row.cpu_ms_per_number:.2f}",
            span(row.numbers_per_second, row.numbers_per_second_range, 0),
            span(row.ratio_to_naive, row.ratio_to_naive_range, 1),
            f"{row.crash_bad}/{row.crash_runs}",
            end_section=row.design == rows[-1].design,
        )
    Console().print(table)


def span(median: float | None, limits: tuple[float, float] | None, digits: int) -> str:
    """A median, and the lowest and the highest below it."""
    if median is None or limits is None:
        return ""
    low, high = limits
    return f"{median:.{digits}f}\n{low:.{digits}f}-{high:.{digits}f}"


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


def show_table(rows: Sequence[dict[str, Any]]) -> None:
    """Rows of the same columns as a table; nothing is cut off, None is left blank, and in a pipe no line is broken."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def show_time(milliseconds: int | None) -> str | None:
    """Epoch ms as people write it, in UTC."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(sep=" ", timespec="seconds")


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
