"""Options that several commands take."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import click

output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)

endpoint_option = click.option(
    "--endpoint",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file a local stack describes itself in (.gapless/stack.json).",
)


class Duration(click.ParamType):
    """Seconds, written as 45s, 90m, 25h or 2d."""

    name = "duration"
    units: ClassVar = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        """The seconds; fails for another form, and for none at all."""
        found = re.fullmatch(r"([1-9]\d{0,3})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r} is not a duration like 45s, 90m, 25h or 2d, up to 9999", parameter, context)
        return int(found[1]) * self.units[found[2]]


def check_stack_name(context: click.Context, parameter: click.Parameter, name: str) -> str:
    """A stack's name as CloudFormation takes it; raises click.BadParameter."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name):
        raise click.BadParameter("a stack's name has letters, digits and hyphens, and begins with a letter")
    return name


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that say which stack a command is about."""
    stack = click.option("--stack", metavar="NAME", help="A deployed stack, by its CloudFormation name.")
    return stack(endpoint_option(command))


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
