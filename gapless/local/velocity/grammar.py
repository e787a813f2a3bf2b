"""The template grammar of Velocity 1.7: text, references and directives, with its rules for white space.

What is eaten, and why templates come out as they do:
- a directive that ends in `)`, and #else and #end, take the blanks and the one line break that follow them;
- #set also takes the blanks before it, but only where they do not continue running text: after a reference, a
  directive, a comment or at the start. In `text\\n  #set(...)` the two blanks belong to the text and stay;
- `## comment` takes its line break.
"""

import re

from gapless.local.velocity.directives import BUILT_IN, DirectiveParser, Ending
from gapless.local.velocity.errors import Position
from gapless.local.velocity.expressions import FLOAT, INTEGER, ExpressionParser
from gapless.local.velocity.scanner import Scanner
from gapless.local.velocity.syntax import Block, Document, Macro, Property, Statement, Text

_LINE_END = r"[ \t]*(?:\r\n|\n|\r)"
PLAIN_TEXT = re.compile(r"[^$#\\]+")
SET = re.compile(r"[ \t]*#(?:set|\{set\}) *\(")
COMMENT = re.compile(r"##[^\r\n]*(?:\r\n|\n|\r)?|#\*.*?(?:\*#|\Z)", re.DOTALL)
VERBATIM = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)
DIRECTIVE = re.compile(r"#(?:([A-Za-z_@][A-Za-z0-9_@]*)|\{([A-Za-z_][A-Za-z0-9_@]*)\})")
REST_OF_LINE = re.compile(_LINE_END)
BACKSLASHES = re.compile(r"\\+")
NUMBER_SIGN = re.compile(rf"#(?:{FLOAT.pattern}|{INTEGER.pattern})")
_CONTROL_AHEAD = r"#\{?(?:if|elseif|else|end)(?![A-Za-z0-9_@])"
_SET_AHEAD = r"[ \t]*#(?:set|\{set\}) *\("
LOST_DOLLAR = re.compile(rf"(?:\$!?)+(?={_CONTROL_AHEAD}|{_SET_AHEAD})")  # read as part of the directive's name
LOST_HASH = re.compile(rf"#(?={_SET_AHEAD})")
DOLLAR_WORD = re.compile(r"\$!?#[A-Za-z_@][A-Za-z0-9_@]*")
EMPTY_INDEX = re.compile(r"\$!?\[|\$\.")
LOST_BANG = re.compile(r"\$!(?![\[{$\\]|\Z)")

CONTROL = frozenset({"if", "elseif", "else", "end"})
START = Position(1, 1)


def parse(text: str, name: str, origin: Position = START, macros: dict[str, Macro] | None = None) -> Document:
    """Parse a template.

    name: what messages call it; origin: where the text begins, for text cut out of another template; macros: those
    known already, to which the ones found are added. Raises VelocityError when the text is not a Velocity 1.7 template.
    """
    parser = TemplateParser(Scanner(text, name, origin), {} if macros is None else macros)
    body, ending = parser.block()
    if ending.name:
        raise parser.scanner.error(f"#{ending.name} without the directive it belongs to", ending.at)
    return Document(body, parser.macros)


class TemplateParser:
    """Parses statements; macros join `macros` as they are read, so they may be used before and after."""

    def __init__(self, scanner: Scanner, macros: dict[str, Macro]) -> None:
        self.scanner = scanner
        self.macros = macros
        self.expressions = ExpressionParser(scanner, self._nested)
        self.directives = DirectiveParser(scanner, self.expressions, self.block, macros)

    def _nested(self, text: str, origin: Position) -> Block:
        """A template inside a double-quoted string; it shares this template's macros."""
        return parse(text, self.scanner.name, origin, self.macros).body

    def block(self) -> tuple[Block, Ending]:
        """Statements up to the #end, #else or #elseif that closes them, or the end of the text."""
        statements: list[Statement] = []
        while not self.scanner.finished:
            at = self.scanner.at
            found = self._statement()
            if isinstance(found, Ending):
                return _joined(statements), found
            statements.extend(found)
            if self.scanner.at == at:
                raise self.scanner.error(f"cannot read {self.scanner.found()}")
        return _joined(statements), Ending("", self.scanner.at)

    def _statement(self) -> list[Statement] | Ending:
        scanner = self.scanner
        if scanner.take(SET):
            return [self.directives.set()]
        if text := scanner.take(PLAIN_TEXT):
            return [Text(text[0])]
        if scanner.looking_at("\\"):
            return self._escape()
        if scanner.looking_at("$"):
            return self._dollar()
        if scanner.take(COMMENT):
            return []
        if verbatim := scanner.take(VERBATIM):
            return [Text(verbatim[1])]
        if scanner.looking_at("#[["):
            raise scanner.error("#[[ without its ]]#")
        return self._directive()

    def _dollar(self) -> list[Statement]:
        scanner = self.scanner
        if not self.expressions.at_reference():
            if scanner.take(LOST_DOLLAR):
                return []
            if word := scanner.take(DOLLAR_WORD):
                return [Text(word[0])]
            if opening := scanner.take(EMPTY_INDEX):
                return [Text(opening[0])]
            lost = scanner.take(LOST_BANG)  # a "!" after a dollar that begins no reference disappears
            scanner.at += 0 if lost else 1
            return [Text("$")]
        reference = self.expressions.reference()
        ends_in_property = bool(reference.steps) and isinstance(reference.steps[-1], Property)
        if ends_in_property and not reference.source.endswith("}") and scanner.take_text("##"):
            return [reference, Text("##")]  # directly after a property's name 1.7 takes "##" for text
        return [reference]

    def _escape(self) -> list[Statement]:
        r"""Backslashes: each pair before a reference or directive is one; an odd one makes text of what follows."""
        scanner = self.scanner
        start = scanner.at
        count = len((scanner.take(BACKSLASHES) or [""])[0])
        kept = Text("\\" * (count // 2))
        if self.expressions.at_reference():
            reference = self.expressions.reference()
            return [kept, Text(reference.source) if count % 2 else reference]
        word = DIRECTIVE.match(scanner.text, scanner.at)
        name = word and (word[1] or word[2])
        if not word or not (
            name in CONTROL or name in BUILT_IN or name in self.macros or (name == "set" and count % 2)
        ):
            return [Text(scanner.text[start : scanner.at])]
        if count % 2 == 0:
            return [kept]
        scanner.at = word.end()
        return [kept, Text(word[0])]

    def _directive(self) -> list[Statement] | Ending:
        scanner = self.scanner
        start = scanner.at
        if scanner.take(LOST_HASH):
            return []
        if number := scanner.take(NUMBER_SIGN):
            return [Text(number[0])]
        word = scanner.take(DIRECTIVE)
        if not word:
            scanner.at += 1
            return [Text("#")]
        name = word[1] or word[2]
        if name in ("else", "end"):
            scanner.take(REST_OF_LINE)
            return Ending(name, start)
        if name == "elseif":
            return Ending(name, start)
        if name == "if":
            return [self.directives.conditional(start)]
        if name in ("include", "parse"):
            raise scanner.error(f"#{name} is not available: API Gateway has no other templates to read", start)
        return self.directives.built_in(name, start) if name in BUILT_IN else [self.directives.macro_call(name, start)]


def _joined(statements: list[Statement]) -> Block:
    """The statements with neighbouring texts made one."""
    joined: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + statement.text)
        elif statement != Text(""):
            joined.append(statement)
    return tuple(joined)
