"""The template grammar of Velocity 1.7: text, references and directives, with its rules for white space.

What is eaten, and why templates come out as they do:
- a directive that ends in `)`, and #else and #end, take the blanks and the one line break that follow them;
- #set also takes the blanks before it, but only where they do not continue running text: after a reference, a
  directive, a comment or at the start. In `text\\n  #set(...)` the two blanks belong to the text and stay;
- `## comment` takes its line break.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from gapless.local.velocity.errors import Position
from gapless.local.velocity.expressions import ExpressionParser
from gapless.local.velocity.scanner import WORD, Scanner
from gapless.local.velocity.syntax import (
    Block,
    Break,
    Define,
    Document,
    Evaluate,
    Expression,
    Foreach,
    If,
    Literal,
    Macro,
    MacroCall,
    Property,
    Reference,
    Set,
    Statement,
    Stop,
    Text,
)

_LINE_END = r"[ \t]*(?:\r\n|\n|\r)"
PLAIN_TEXT = re.compile(r"[^$#\\]+")
SET = re.compile(r"[ \t]*#(?:set|\{set\}) *\(")
COMMENT = re.compile(r"##[^\r\n]*(?:\r\n|\n|\r)?|#\*.*?(?:\*#|\Z)", re.DOTALL)
VERBATIM = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)
DIRECTIVE = re.compile(r"#(?:([A-Za-z_@][A-Za-z0-9_@]*)|\{([A-Za-z_][A-Za-z0-9_@]*)\})")
CLOSING = re.compile(rf"\)(?:{_LINE_END})?")
REST_OF_LINE = re.compile(_LINE_END)
BACKSLASHES = re.compile(r"\\+")
SEPARATOR = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
LOST_BANG = re.compile(r"\$!(?![\[{$\\]|\Z)")

CONTROL = frozenset({"if", "elseif", "else", "end"})
BUILT_IN = frozenset({"foreach", "macro", "define", "evaluate", "break", "stop", "literal", "include", "parse"})


class Ending(NamedTuple):
    """What closed a block: the directive's name and where it stood; name is "" at the end of the text."""

    name: str
    at: int


def parse(text: str, name: str, origin: Position = Position(1, 1), macros: dict[str, Macro] | None = None) -> Document:
    """Parse a template.

    Args:
        text: the template
        name: what messages call it
        origin: where the text begins, for text cut out of another template
        macros: macros known already; the ones found are added

    Raises:
        VelocityError: the text is not a Velocity 1.7 template
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
        self.expressions = ExpressionParser(scanner, self.nested)

    def nested(self, text: str, origin: Position) -> Block:
        """A template inside a double-quoted string; it shares this template's macros."""
        return parse(text, self.scanner.name, origin, self.macros).body

    def block(self) -> tuple[Block, Ending]:
        """Statements up to the #end, #else or #elseif that closes them, or the end of the text."""
        statements: list[Statement] = []
        while not self.scanner.finished:
            at = self.scanner.at
            found = self.statement()
            if isinstance(found, Ending):
                return _joined(statements), found
            statements.extend(found)
            if self.scanner.at == at:
                raise self.scanner.error(f"cannot read {self.scanner.found()}")
        return _joined(statements), Ending("", self.scanner.at)

    def statement(self) -> list[Statement] | Ending:
        scanner = self.scanner
        if scanner.take(SET):
            return [self.set()]
        if text := scanner.take(PLAIN_TEXT):
            return [Text(text[0])]
        if scanner.looking_at("\\"):
            return self.escape()
        if scanner.looking_at("$"):
            return self.dollar()
        if scanner.take(COMMENT):
            return []
        if verbatim := scanner.take(VERBATIM):
            return [Text(verbatim[1])]
        if scanner.looking_at("#[["):
            raise scanner.error("#[[ without its ]]#")
        return self.directive()

    def dollar(self) -> list[Statement]:
        scanner = self.scanner
        if not self.expressions.at_reference():
            lost = scanner.take(LOST_BANG)  # a "!" after a dollar that begins no reference disappears
            scanner.at += 0 if lost else 1
            return [Text("$")]
        reference = self.expressions.reference()
        ends_in_property = bool(reference.steps) and isinstance(reference.steps[-1], Property)
        if ends_in_property and not reference.source.endswith("}") and scanner.take_text("##"):
            return [reference, Text("##")]  # directly after a property's name 1.7 takes "##" for text
        return [reference]

    def escape(self) -> list[Statement]:
        r"""Backslashes: before a reference or a directive each pair is one, and an odd one makes text of what follows."""
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

    def directive(self) -> list[Statement] | Ending:
        scanner = self.scanner
        start = scanner.at
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
            return [self.conditional(start)]
        if name in ("include", "parse"):
            raise scanner.error(f"#{name} is not available: API Gateway has no other templates to read", start)
        return self.built_in(name, start) if name in BUILT_IN else [self.macro_call(name, start)]

    def built_in(self, name: str, start: int) -> list[Statement]:
        scanner = self.scanner
        if name == "foreach":
            return [self.foreach(start)]
        if name == "macro":
            self.define_macro(start)
            return []
        arguments = self.arguments(name)
        if name == "stop":
            return [Stop()]
        if name == "break":
            return [Break(arguments[0] if arguments else None)]
        if arguments is None:
            raise scanner.error(f"#{name} needs its arguments in parentheses", start)
        if name == "literal":
            return [self.literal(start)]
        if len(arguments) != 1:
            raise scanner.error(f"#{name} takes one argument, not {len(arguments)}", start)
        if name == "evaluate":
            return [Evaluate(arguments[0], scanner.position(start))]
        return [Define(self.variable(arguments[0], "#define", start), self.body("define", start))]

    def set(self) -> Set:
        scanner = self.scanner
        scanner.skip_whitespace()
        target = self.expressions.reference()
        if not target.steps and target.source != f"${target.root}":
            # 1.7 puts the value under the reference's text: `#set(${x} = 1)` makes a variable named "{x}", not $x
            target = replace(target, root=target.source[1:])
        scanner.skip_whitespace()
        scanner.expect("=", "after the reference #set assigns to")
        value = self.expressions.expression()
        self.close("set")
        return Set(target, value)

    def conditional(self, start: int) -> If:
        """An #if whose name is taken, to its #end."""
        branches: list[tuple[Expression, Block]] = []
        name, at = "if", start
        while name in ("if", "elseif"):
            condition = self.condition(name, at)
            block, (name, at) = self.block()
            branches.append((condition, block))
        otherwise: Block = ()
        if name == "else":
            otherwise, (name, at) = self.block()
        if name != "end":
            problem = f"meets a further #{name} at line {self.scanner.position(at).line}" if name else "has no #end"
            raise self.scanner.error(f"#if {problem}", start)
        return If(tuple(branches), otherwise)

    def condition(self, name: str, start: int) -> Expression:
        self.open(name, start)
        condition = self.expressions.expression()
        self.close(name)
        return condition

    def foreach(self, start: int) -> Foreach:
        self.open("foreach", start)
        variable = self.variable(self.expressions.value(), "#foreach", start)
        self.scanner.skip_whitespace()
        if not self.scanner.take(WORD):
            raise self.scanner.error("expected 'in': #foreach($item in $items)")
        self.scanner.skip_whitespace()
        items = self.expressions.value()
        self.scanner.skip_whitespace()
        self.close("foreach")
        return Foreach(variable, items, self.body("foreach", start), self.scanner.position(start))

    def define_macro(self, start: int) -> None:
        self.open("macro", start)
        name = self.scanner.take(WORD)
        if not name:
            raise self.scanner.error("expected the macro's name: #macro(name $first $second)")
        parameters = self.values()
        self.close("macro")
        names = tuple(self.variable(parameter, "#macro", start) for parameter in parameters)
        body = self.body("macro", start)
        self.macros.setdefault(name[0], Macro(name[0], names, body))  # 1.7 keeps the first definition

    def macro_call(self, name: str, start: int) -> MacroCall:
        scanner = self.scanner
        at = scanner.position(start)
        arguments = self.arguments(name)
        if not name.startswith("@"):
            return MacroCall(name, tuple(arguments or ()), None, scanner.text[start : scanner.at], at)
        body = self.body(name, start) if arguments is not None else None
        return MacroCall(name[1:], tuple(arguments or ()), body, scanner.text[start : scanner.at], at)

    def literal(self, start: int) -> Text:
        """#literal's body, which must parse, as it stands."""
        begin = self.scanner.at
        block, ending = self.block()
        if ending.name != "end":
            raise self.scanner.error("#literal has no #end", start)
        return Text(self.scanner.text[begin : ending.at])

    def arguments(self, name: str) -> list[Expression] | None:
        """The parenthesised values after a directive's name, commas optional; None where no parenthesis follows."""
        scanner = self.scanner
        start = scanner.at
        scanner.skip_whitespace()
        if not scanner.take_text("("):
            scanner.at = start
            return None
        values = self.values()
        self.close(name)
        return values

    def values(self) -> list[Expression]:
        values: list[Expression] = []
        self.scanner.take(SEPARATOR)
        while not self.scanner.looking_at(")"):
            word = None if self.expressions.at_boolean() else self.scanner.take(WORD)
            values.append(Literal(word[0]) if word else self.expressions.value())
            self.scanner.take(SEPARATOR)
        return values

    def variable(self, value: Expression, directive: str, start: int) -> str:
        if not isinstance(value, Reference) or value.steps:
            raise self.scanner.error(f"{directive} names a variable such as $item here", start)
        return value.root

    def open(self, name: str, start: int) -> None:
        self.scanner.skip_whitespace()
        if not self.scanner.take_text("("):
            raise self.scanner.error(f"#{name} needs its arguments in parentheses", start)
        self.scanner.skip_whitespace()

    def close(self, name: str) -> None:
        if not self.scanner.take(CLOSING):
            raise self.scanner.error(f"expected ')' to close #{name}(, found {self.scanner.found()}{self.hint()}")

    def hint(self) -> str:
        if re.compile(r"-\.?[0-9]").match(self.scanner.text, self.scanner.at):
            return "; -1 is read as one number, so write a blank after the minus: $x - 1"
        return ""

    def body(self, name: str, start: int) -> Block:
        """The statements of a directive up to its #end."""
        block, ending = self.block()
        if ending.name != "end":
            problem = f"meets #{ending.name} before its #end" if ending.name else "has no #end"
            raise self.scanner.error(f"#{name} {problem}", start)
        return block


def _joined(statements: list[Statement]) -> Block:
    """The statements with neighbouring texts made one."""
    joined: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + statement.text)
        elif statement != Text(""):
            joined.append(statement)
    return tuple(joined)
