"""Options that several commands take."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)


def check_stack_name(context: click.Context, parameter: click.Parameter, name: str) -> str:
    """A stack's name as CloudFormation takes it; raises click.BadParameter."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name):
        raise click.BadParameter("a stack's name has letters, digits and hyphens, and begins with a letter")
    return name


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


def counter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a counter; one that is not given stays as it is, or has its default."""
    for option in (
        click.option("--allocation", type=click.Choice(["stream", "direct"]), help="Who gets the numbers."),
        click.option("--cycle/--no-cycle", default=None, help="Begin again at start after the last number."),
        click.option("--max", type=int, help="No number above this."),
        click.option("--min", type=int, help="No number below this."),
        click.option("--increment", type=int, help="From one number to the next; negative to count down."),
        click.option("--start", type=int, help="The first number."),
        click.option("--dry-run", is_flag=True, help="Check and show, and change nothing."),
    ):
        command = option(command)
    return command
