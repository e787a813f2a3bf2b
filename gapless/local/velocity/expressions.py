"""References, literals and operators of Velocity 1.7 (the part of its grammar that stands inside parentheses).

The grammar is the one of Apache Velocity 1.7's Parser.jjt, oddities included: `-1` is one token wherever a number may
stand, so `$a -1` is an error and `$a - 1` is not; lists, maps and arguments hold single values, not sums.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from gapless.local.velocity.errors import Position
from gapless.local.velocity.scanner import IDENTIFIER, WORD, Scanner
from gapless.local.velocity.syntax import (
    Binary,
    Block,
    Expression,
    Index,
    Interpolated,
    ListLiteral,
    Literal,
    MapLiteral,
    MethodCall,
    Not,
    Property,
    Range,
    Reference,
    Step,
)

REFERENCE_START = re.compile(r"\$!?(?:\{(?=[A-Za-z_])|(?=[A-Za-z_]))")
NEXT_STEP = re.compile(r"\.(?=[A-Za-z])")
INTEGER = re.compile(r"-?[0-9]+(?=\.\.)|-?[0-9]+")
FLOAT = re.compile(r"-?(?:[0-9]+\.(?!\.)[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)")
# The longest match wins, as in JavaCC: a doubled quote continues the string wherever a later quote can still close it.
STRING = re.compile(r"\"[^\"]*(?:\"\"[^\"]*)*\"|'[^']*(?:''[^']*)*'")
UNICODE_ESCAPE = re.compile(r"\\u(.{0,4})", re.DOTALL)
FOUR_HEX = re.compile(r"[0-9a-fA-F]{4}")
MOST_DIGITS = 4000

_WORD_END = r"(?![A-Za-z0-9_@])"
# From the loosest to the tightest binding. Each level maps the spellings of an operator to its name.
_LEVELS: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = (
    (re.compile(rf"\|\||or{_WORD_END}"), {"||": "or", "or": "or"}),
    (re.compile(rf"&&|and{_WORD_END}"), {"&&": "and", "and": "and"}),
    (re.compile(rf"==|!=|eq{_WORD_END}|ne{_WORD_END}"), {"==": "==", "eq": "==", "!=": "!=", "ne": "!="}),
    (
        re.compile(rf"<=|>=|<|>|(?:lt|gt|le|ge){_WORD_END}"),
        {"<": "<", "lt": "<", ">": ">", "gt": ">", "<=": "<=", "le": "<=", ">=": ">=", "ge": ">="},
    ),
    (re.compile(r"\+|-(?!\.?[0-9])"), {"+": "+", "-": "-"}),
    (re.compile(r"[*/%]"), {"*": "*", "/": "/", "%": "%"}),
)
_NOT = re.compile(rf"!(?!=)|not{_WORD_END}")

ParseText = Callable[[str, Position], Block]


class ExpressionParser:
    """Parses expressions from `scanner`; `parse_text` parses the inside of a double-quoted string as a template."""

    def __init__(self, scanner: Scanner, parse_text: ParseText) -> None:
        self.scanner = scanner
        self.parse_text = parse_text

    def expression(self, level: int = 0) -> Expression:
        """What #if, #elseif and #set take: operators over values, white space allowed around each."""
        if level == len(_LEVELS):
            return self._unary()
        pattern, names = _LEVELS[level]
        left = self.expression(level + 1)
        while operator := self.scanner.take(pattern):
            left = Binary(names[operator[0]], left, self.expression(level + 1))
        return left

    def _unary(self) -> Expression:
        self.scanner.skip_whitespace()
        if self.scanner.take(_NOT):
            return Not(self._unary())
        if self.scanner.take_text("("):
            value = self.expression()
            self.scanner.expect(")", "to close the parenthesis")
        else:
            value = self.value()
        self.scanner.skip_whitespace()
        return value

    def value(self, in_call: bool = False) -> Expression:
        """One value: a string, number, boolean, list, map, range or reference.

        in_call: inside a method's parentheses, where a bare word is allowed and means null.
        """
        scanner = self.scanner
        if text := scanner.take(STRING):
            return self._string(text[0], text.start())
        if self.at_reference():
            return self.reference()
        if number := scanner.take(FLOAT):
            decimal = float(number[0])
            return Literal(Decimal(number[0]) if decimal in (float("inf"), float("-inf")) else decimal)
        if number := scanner.take(INTEGER):
            if len(number[0]) > MOST_DIGITS:
                raise scanner.error(f"a number has more than {MOST_DIGITS:,} digits", number.start())
            return Literal(int(number[0]))
        if scanner.take_text("["):
            return self._list_or_range(in_call)
        if scanner.take_text("{"):
            return self._map(in_call)
        word = WORD.match(scanner.text, scanner.at)
        if word and (word[0] in ("true", "false") or in_call):
            scanner.at = word.end()
            return Literal({"true": True, "false": False}.get(word[0]))
        raise scanner.error(f"expected a value, found {scanner.found()}; {self._hint()}")

    def _hint(self) -> str:
        if self.scanner.looking_at("-"):
            return "Velocity negates only written numbers: use 0 - $x"
        return "a value is a $reference, a number, a quoted string, true, false, a [list] or a {map}"

    def _string(self, quoted: str, start: int) -> Expression:
        quote, text = quoted[0], quoted[1:-1]
        if quote == "'":
            return Literal(text.replace("''", "'"))
        text = UNICODE_ESCAPE.sub(lambda escape: self._unicode_escape(escape[1], start), text).replace('""', '"')
        if "$" not in text and "#" not in text:
            return Literal(text)
        return Interpolated(self.parse_text(text, self.scanner.position(start + 1)))

    def _unicode_escape(self, digits: str, start: int) -> str:
        if not FOUR_HEX.fullmatch(digits):
            raise self.scanner.error(rf"\u{digits} in a double-quoted string needs four hexadecimal digits", start)
        return chr(int(digits, 16))

    def _list_or_range(self, in_call: bool) -> Expression:
        scanner = self.scanner
        scanner.skip_whitespace()
        if scanner.take_text("]"):
            return ListLiteral(())
        items = [self.value(in_call)]
        scanner.skip_whitespace()
        if scanner.take_text(".."):
            return self._rest_of_range(items[0])
        while scanner.take_text(","):
            scanner.skip_whitespace()
            items.append(self.value(in_call))
            scanner.skip_whitespace()
        scanner.expect("]", "to close the list (its items are separated by commas)")
        return ListLiteral(tuple(items))

    def _rest_of_range(self, first: Expression) -> Range:
        self.scanner.skip_whitespace()
        last = self.value()
        if not all(
            isinstance(end, Reference) or (isinstance(end, Literal) and type(end.value) is int) for end in (first, last)
        ):
            raise self.scanner.error("the ends of a range [first..last] are whole numbers or references")
        self.scanner.skip_whitespace()
        self.scanner.expect("]", "to close the range")
        return Range(first, last)

    def _map(self, in_call: bool) -> MapLiteral:
        scanner = self.scanner
        scanner.skip_whitespace()
        entries: list[tuple[Expression, Expression]] = []
        while not scanner.take_text("}"):
            if entries:
                scanner.expect(",", "or '}' after a map's entry")
            scanner.skip_whitespace()
            key = self.value(in_call)
            scanner.skip_whitespace()
            scanner.expect(":", "between a map's key and value")
            scanner.skip_whitespace()
            entries.append((key, self.value(in_call)))
            scanner.skip_whitespace()
        return MapLiteral(tuple(entries))

    def at_boolean(self) -> bool:
        """Whether `true` or `false` stands here."""
        word = WORD.match(self.scanner.text, self.scanner.at)
        return word is not None and word[0] in ("true", "false")

    def at_reference(self) -> bool:
        """Whether a reference begins here."""
        return REFERENCE_START.match(self.scanner.text, self.scanner.at) is not None

    def reference(self) -> Reference:
        """`$name`, `$!name`, `${name}` or `$!{name}`, each with its properties, calls and indices."""
        scanner = self.scanner
        start = scanner.at
        opening = scanner.take(REFERENCE_START)
        name = scanner.take(IDENTIFIER)
        if not opening or not name:
            raise scanner.error(f"expected a reference such as $name, found {scanner.found()}", start)
        if name[0] in ("true", "false"):
            raise scanner.error(f"${name[0]} cannot be a reference: {name[0]} is a word of the language", start)
        steps = self._steps()
        if opening[0].endswith("{"):
            scanner.expect("}", f"to close ${{{name[0]}")
        return Reference(name[0], steps, scanner.text[start : scanner.at], scanner.position(start))

    def _steps(self) -> tuple[Step, ...]:
        scanner = self.scanner
        steps: list[Step] = []
        while True:
            at = scanner.at
            if scanner.take_text("["):
                steps.append(self._index(at))
            elif scanner.take(NEXT_STEP):
                name = scanner.take(IDENTIFIER)
                if not name:  # NEXT_STEP saw its first letter
                    break
                steps.append(self._call(name[0], at) if scanner.take_text("(") else Property(name[0]))
            else:
                break
        return tuple(steps)

    def _index(self, at: int) -> Index:
        scanner = self.scanner
        scanner.skip_whitespace()
        key = self.value()
        if not isinstance(key, Literal | Reference | Interpolated) or isinstance(getattr(key, "value", None), float):
            raise scanner.error("an index is a string, a whole number, true, false or a reference", at)
        scanner.skip_whitespace()
        scanner.expect("]", "to close the index")
        return Index(key, scanner.position(at))

    def _call(self, name: str, at: int) -> MethodCall:
        scanner = self.scanner
        arguments: list[Expression] = []
        scanner.skip_whitespace()
        while not scanner.take_text(")"):
            if arguments:
                scanner.expect(",", f"or ')' among the arguments of {name}() (arguments hold no operators)")
            scanner.skip_whitespace()
            arguments.append(self.value(in_call=True))
            scanner.skip_whitespace()
        return MethodCall(name, tuple(arguments), scanner.position(at))
