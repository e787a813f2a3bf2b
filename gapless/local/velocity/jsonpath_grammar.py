"""The grammar of JSONPath and of the filters in it, as Jayway reads them."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gapless.local.velocity.java_regex import pattern
from gapless.local.velocity.jsonpath_functions import FUNCTIONS
from gapless.local.velocity.jsonpath_operators import MISSING, OPERATORS, Regex
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
    """Parse a whole path; raises PathError with the character at which it stops making sense."""
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
    """Reads from `at` on; each method leaves `at` behind what it has read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    # --- paths

    def path(self) -> Path:
        """A path from its `$` or `@` to wherever it ends."""
        self.at += 1
        parts: list[Part] = []
        while self._peek() in (".", "["):
            if self.text.startswith("..", self.at):
                self.at += 2
                parts.append(Descend())
                parts.append(self._bracket() if self._peek() == "[" else self._dotted())
            elif self._accept("."):
                parts.append(self._bracket() if self._peek() == "[" else self._dotted())
            else:
                parts.append(self._bracket())
        return Path(tuple(parts))

    def _dotted(self) -> Part:
        if self._accept("*"):
            return Names(())
        name = self._take(_NAME)
        if not name:
            raise self.error("expected a property's name, found")
        if name[0] in FUNCTIONS and self._accept("("):
            return Function(name[0], self._arguments())
        return Names((name[0],))

    def _arguments(self) -> tuple[Any, ...]:
        values: list[Any] = []
        self._take(_BLANKS)
        while not self._accept(")"):
            values.append(self._literal())
            self._take(_BLANKS)
            self._accept(",")
            self._take(_BLANKS)
        return tuple(values)

    def _bracket(self) -> Part:
        self._expect("[")
        if indices := self._take(_INDICES):
            return Indices(tuple(int(index) for index in indices[1].split(",")))
        if bounds := self._take(_SLICE):
            return Slice(*(None if bound is None else int(bound) for bound in bounds.groups()))
        self._take(_BLANKS)
        if self._accept("*"):
            part: Part = Names(())
        elif self._accept("?"):
            self._take(_BLANKS)
            self._expect("(")
            part = Filter(self._disjunction())
            self._expect(")")
        else:
            part = Names(self._names())
        self._take(_BLANKS)
        self._expect("]")
        return part

    def _names(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self._take(_BLANKS)
            if self._peek() not in ("'", '"'):
                raise self.error("expected a quoted name, an index, a slice, * or ?( ), found")
            names.append(self._string())
            self._take(_BLANKS)
            if not self._accept(","):
                return tuple(names)

    # --- filters

    def _disjunction(self) -> Test:
        tests = [self._conjunction()]
        while self._blanks_and_accept("||"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda value, root: any(test(value, root) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self._blanks_and_accept("&&"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda value, root: all(test(value, root) for test in tests)

    def _negation(self) -> Test:
        if self._blanks_and_accept("!"):
            test = self._negation()
            return lambda value, root: not test(value, root)
        if self._accept("("):
            test = self._disjunction()
            self._take(_BLANKS)
            self._expect(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        left, is_path = self._operand()
        self._take(_BLANKS)
        operator = self._take(_OPERATOR)
        if operator is None:
            if not is_path:
                raise self.error("expected an operator, found")
            return lambda value, root: left(value, root) is not MISSING
        compare = OPERATORS.get(operator[0].lower())
        if compare is None:
            raise self.error(f"{operator[0]!r} is not an operator of filters; it stands before")
        self._take(_BLANKS)
        right, _ = self._operand()
        self._take(_BLANKS)
        return lambda value, root: compare(_present(left(value, root)), _present(right(value, root)))

    def _operand(self) -> tuple[Operand, bool]:
        if self._peek() in ("@", "$"):
            from_candidate = self._peek() == "@"
            path = self.path()

            def follow(value: Any, root: Any) -> Any:
                there, found = path.read(value if from_candidate else root, root)
                return found if there else MISSING

            return follow, True
        literal = self._literal()
        return (lambda value, root: literal), False

    def _literal(self) -> Any:
        self._take(_BLANKS)
        if self._peek() in ("'", '"'):
            return self._string()
        if expression := self._take(_REGEX):
            java = f"(?{expression[2]}){expression[1]}" if expression[2] else expression[1]
            pattern(java)  # a wrong one is an error even where it is compared with nothing
            return Regex(java)
        if number := self._take(_NUMBER):
            return int(number[0]) if re.fullmatch(r"-?\d+", number[0]) else Decimal(number[0])
        if self._accept("["):
            return self._list()
        for word, value in _WORDS.items():
            if self._accept(word):
                return value
        raise self.error("expected a value, found")

    def _list(self) -> list[Any]:
        values: list[Any] = []
        self._take(_BLANKS)
        while not self._accept("]"):
            values.append(self._literal())
            self._take(_BLANKS)
            if not self._accept(",") and self._peek() != "]":
                raise self.error("expected ',' or ']', found")
            self._take(_BLANKS)
        return values

    # --- characters

    def _string(self) -> str:
        quoted = self._take(_QUOTED)
        if not quoted:
            raise self.error("a quoted string that does not end begins at")
        inside = quoted[1] if quoted[1] is not None else quoted[2]
        return _UNESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], inside)

    def _take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _accept(self, literal: str) -> bool:
        if not self.text.startswith(literal, self.at):
            return False
        self.at += len(literal)
        return True

    def _blanks_and_accept(self, literal: str) -> bool:
        self._take(_BLANKS)
        return self._accept(literal)

    def _expect(self, literal: str) -> None:
        if not self._accept(literal):
            raise self.error(f"expected '{literal}', found")

    def error(self, what: str) -> PathError:
        """What is wrong with the character that stands here."""
        found = repr(self._peek()) if self._peek() else "the end"
        return PathError(f"the JSONPath {self.text!r} cannot be read: {what} {found} at character {self.at + 1}")
