"""Writes small templates and loads them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

from gapless.local.template import Template, load

Load: TypeAlias = Callable[..., Template]

QUEUE = "Resources: {Queue: {Type: AWS::SQS::Queue}}"


def load_text(directory: Path, text: str, **parameters: str) -> Template:
    """Load a template from its text; `Resources` may be left out when the test is about something else."""
    text = dedent(text)
    if "Resources:" not in text:
        text += f"\n{QUEUE}\n"
    path = directory / "template.yaml"
    path.write_text(text)
    return load(
        path, parameters, stack_name="stack", region="eu-west-1", account="111122223333", endpoint="http://127.0.0.1:1/"
    )


def load_value(directory: Path, value: str, before: str = "", **parameters: str) -> object:
    """What a value gives, written as the only output of a template; before: other sections."""
    return load_text(directory, f"{dedent(before)}\nOutputs: {{Value: {{Value: {value}}}}}\n", **parameters).outputs[
        "Value"
    ]
