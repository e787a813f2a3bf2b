"""docs/operations.md as the tests read it: its sections, and the commands in it."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs/operations.md"
TEXT = OPERATIONS.read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())  # the same, wherever a line ends
ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "<"}
BEFORE = {*ENDS, "{", "do"}  # words that a command may follow
# What stands for the output of a command inside another; some options want a number, and this is one.
OUTPUT = "1"


@dataclass(frozen=True)
class Command:
    """One command with its arguments, as it stands in the text. whole: it is to be pasted, and not only named."""

    text: str
    program: str
    arguments: tuple[str, ...]
    whole: bool = True


def blocks(language: str, text: str = TEXT) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def inline_code(text: str = TEXT) -> list[str]:
    """What stands between backquotes in a line, blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def section(heading: str, text: str = TEXT) -> str:
    """What is below a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def headings(text: str = TEXT) -> list[str]:
    """Every heading."""
    return re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)


def anchor(heading: str) -> str:
    """What a link to a heading ends with, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(program: str, text: str = TEXT) -> Iterator[Command]:
    """Every call of a program: in the console blocks, in the text, and inside other commands."""
    for block in blocks("console", text):
        for line in block.splitlines():
            yield from _calls(line, program, whole=True)
    for code in inline_code(text):
        if code.startswith(f"{program} "):
            yield from _calls(code, program, whole=" --" in code)


def _calls(source: str, program: str, *, whole: bool) -> Iterator[Command]:
    outer, inner = _take_out(source)
    for one in inner:
        yield from _calls(one, program, whole=whole)
    words = _split(outer)
    for place, word in enumerate(words):
        if word == program and (place == 0 or words[place - 1] in BEFORE or "=" in words[place - 1]):
            rest = words[place + 1 :]
            end = next((number for number, one in enumerate(rest) if one in ENDS), len(rest))
            yield Command(source, program, tuple(rest[:end]), whole)


def _split(source: str) -> list[str]:
    lexer = shlex.shlex(source, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    return list(lexer)


def _take_out(source: str) -> tuple[str, list[str]]:
    """The command with OUTPUT in place of every $(...), and what was in them."""
    found: list[str] = []
    while (start := source.find("$(")) >= 0:
        depth, end = 1, start + 2
        while depth:
            depth += {"(": 1, ")": -1}.get(source[end], 0)
            end += 1
        found.append(source[start + 2 : end - 1])
        source = f"{source[:start]}{OUTPUT}{source[end:]}"
    return source, found
