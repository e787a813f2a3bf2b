"""The grammar of JSONPath and of the filters in it, as Jayway reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gapless.local.velocity.java_regex import pattern
from gapless.local.velocity.jsonpath_functions import FUNCTIONS
from gapless.local.velocity.jsonpath_operators import MISSING, OPERATORS
from gapless.local.velocity.jsonpath_parts import (
    Descend,
    Filter,
    Function,
    Indices,
    Names,
    Part,
    Path,
    PathError,
    Slice,
)

Operand = Callable[[Any, Any], Any]  # of the candidate and the document
Test = Callable[[Any, Any], bool]

_BLANKS = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[^.\[\]()\s,'\"&|=<>!~]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_UNESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_INDICES = re.compile(r"\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\]")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*\]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_OPERATOR = re.compile(r"===|!==|==|!=|<=|>=|=~|<|>|[a-zA-Z]+", re.IGNORECASE)
_WORDS = {"true": True, "false": False, "null": None}


def parse_path(text: str) -> Path:
    """Parse a whole path.

    Raises:
        PathError: with the character at which the path stops making sense
    """
    text = text.strip()
    if not text:
        raise PathError("a JSONPath must not be empty; $ is the whole body")
    if text[0] not in "$@":
        text = f"$.{text}"
    reader = _Reader(text)
    path = reader.path()
    if reader.at < len(text):
        raise reader.error("unexpected")
    return path


def _present(value: Any) -> Any:
    """In a comparison a path that leads nowhere is null."""
    return None if value is MISSING else value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    # --- paths

    def path(self) -> Path:
        """A path from its `$` or `@` to wherever it ends."""
        self.at += 1
        parts: list[Part] = []
        while self.peek() in (".", "[") and self.peek():
            if self.text.startswith("..", self.at):
                self.at += 2
                parts.append(Descend())
                parts.append(self.bracket() if self.peek() == "[" else self.dotted())
            elif self.accept("."):
                parts.append(self.bracket() if self.peek() == "[" else self.dotted())
            else:
                parts.append(self.bracket())
        return Path(tuple(parts))

    def dotted(self) -> Part:
        if self.accept("*"):
            return Names(())
        name = self.take(_NAME)
        if not name:
            raise self.error("expected a property's name, found")
        if name[0] in FUNCTIONS and self.accept("("):
            return Function(name[0], self.arguments())
        return Names((name[0],))

    def arguments(self) -> tuple[Any, ...]:
        values: list[Any] = []
        self.take(_BLANKS)
        while not self.accept(")"):
            values.append(self.literal())
            self.take(_BLANKS)
            self.accept(",")
            self.take(_BLANKS)
        return tuple(values)

    def bracket(self) -> Part:
        self.expect("[")
        if indices := self.take(_INDICES):
            return Indices(tuple(int(index) for index in indices[1].split(",")))
        if bounds := self.take(_SLICE):
            return Slice(*(None if bound is None else int(bound) for bound in bounds.groups()))
        self.take(_BLANKS)
        if self.accept("*"):
            part: Part = Names(())
        elif self.accept("?"):
            self.take(_BLANKS)
            self.expect("(")
            part = Filter(self.disjunction())
            self.expect(")")
        else:
            part = Names(self.names())
        self.take(_BLANKS)
        self.expect("]")
        return part

    def names(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self.take(_BLANKS)
            if self.peek() not in ("'", '"') or not self.peek():
                raise self.error("expected a quoted name, an index, a slice, * or ?( ), found")
            names.append(self.string())
            self.take(_BLANKS)
            if not self.accept(","):
                return tuple(names)

    # --- filters

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.blanks_and_accept("||"):
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda value, root: any(test(value, root) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.negation()]
        while self.blanks_and_accept("&&"):
            tests.append(self.negation())
        return tests[0] if len(tests) == 1 else lambda value, root: all(test(value, root) for test in tests)

    def negation(self) -> Test:
        if self.blanks_and_accept("!"):
            test = self.negation()
            return lambda value, root: not test(value, root)
        if self.accept("("):
            test = self.disjunction()
            self.take(_BLANKS)
            self.expect(")")
            return test
        return self.comparison()

    def comparison(self) -> Test:
        left, is_path = self.operand()
        self.take(_BLANKS)
        operator = self.take(_OPERATOR)
        if operator is None:
            if not is_path:
                raise self.error("expected an operator, found")
            return lambda value, root: left(value, root) is not MISSING
        compare = OPERATORS.get(operator[0].lower())
        if compare is None:
            raise self.error(f"{operator[0]!r} is not an operator of filters; it stands before")
        self.take(_BLANKS)
        right, _ = self.operand()
        self.take(_BLANKS)
        return lambda value, root: compare(_present(left(value, root)), _present(right(value, root)))

    def operand(self) -> tuple[Operand, bool]:
        if self.peek() in ("@", "$") and self.peek():
            from_candidate = self.peek() == "@"
            path = self.path()

            def follow(value: Any, root: Any) -> Any:
                there, found = path.read(value if from_candidate else root, root)
                return found if there else MISSING

            return follow, True
        literal = self.literal()
        return (lambda value, root: literal), False

    def literal(self) -> Any:
        self.take(_BLANKS)
        if self.peek() in ("'", '"') and self.peek():
            return self.string()
        if expression := self.take(_REGEX):
            return pattern(f"(?{expression[2]}){expression[1]}" if expression[2] else expression[1])
        if number := self.take(_NUMBER):
            return int(number[0]) if re.fullmatch(r"-?\d+", number[0]) else Decimal(number[0])
        if self.accept("["):
            return self.list()
        for word, value in _WORDS.items():
            if self.accept(word):
                return value
        raise self.error("expected a value, found")

    def list(self) -> list[Any]:
        values: list[Any] = []
        self.take(_BLANKS)
        while not self.accept("]"):
            values.append(self.literal())
            self.take(_BLANKS)
            if not self.accept(",") and self.peek() != "]":
                raise self.error("expected ',' or ']', found")
            self.take(_BLANKS)
        return values

    # --- characters

    def string(self) -> str:
        quoted = self.take(_QUOTED)
        if not quoted:
            raise self.error("a quoted string that does not end begins at")
        inside = quoted[1] if quoted[1] is not None else quoted[2]
        return _UNESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], inside)

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def accept(self, literal: str) -> bool:
        if not self.text.startswith(literal, self.at):
            return False
        self.at += len(literal)
        return True

    def blanks_and_accept(self, literal: str) -> bool:
        self.take(_BLANKS)
        return self.accept(literal)

    def expect(self, literal: str) -> None:
        if not self.accept(literal):
            raise self.error(f"expected '{literal}', found")

    def error(self, what: str) -> PathError:
        found = repr(self.peek()) if self.peek() else "the end"
        return PathError(f"the JSONPath {self.text!r} cannot be read: {what} {found} at character {self.at + 1}")
