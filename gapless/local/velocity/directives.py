"""The directives of Velocity 1.7: their arguments, their bodies, and what each becomes."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from gapless.local.velocity.expressions import ExpressionParser
from gapless.local.velocity.scanner import WORD, Scanner
from gapless.local.velocity.syntax import (
    Block,
    Break,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Literal,
    Macro,
    MacroCall,
    Reference,
    Set,
    Statement,
    Stop,
    Text,
)

BUILT_IN = frozenset({"foreach", "macro", "define", "evaluate", "break", "stop", "literal", "include", "parse"})
_CLOSING = re.compile(r"\)(?:[ \t]*(?:\r\n|\n|\r))?")  # a closing parenthesis takes the blanks and line break after it
_SEPARATOR = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_JOINED_MINUS = re.compile(r"-\.?[0-9]")


class Ending(NamedTuple):
    """What closed a block: the directive's name and where it stood; name is "" at the end of the text."""

    name: str
    at: int


class DirectiveParser:
    """Parses a directive whose name has been read; `parse_block` reads statements up to what closes them."""

    def __init__(
        self,
        scanner: Scanner,
        expressions: ExpressionParser,
        parse_block: Callable[[], tuple[Block, Ending]],
        macros: dict[str, Macro],
    ) -> None:
        self.scanner = scanner
        self.expressions = expressions
        self.parse_block = parse_block
        self.macros = macros

    def built_in(self, name: str, start: int) -> list[Statement]:
        """A directive of the language whose name is taken; a #macro joins `macros` and is no statement."""
        scanner = self.scanner
        if name == "foreach":
            return [self._foreach(start)]
        if name == "macro":
            self._define_macro(start)
            return []
        arguments = self._arguments(name)
        if name == "stop":
            return [Stop()]
        if name == "break":
            return [Break(arguments[0] if arguments else None)]
        if arguments is None:
            raise scanner.error(f"#{name} needs its arguments in parentheses", start)
        if name == "literal":
            return [self._literal(start)]
        if len(arguments) != 1:
            raise scanner.error(f"#{name} takes one argument, not {len(arguments)}", start)
        if name == "evaluate":
            return [Evaluate(arguments[0], scanner.position(start))]
        return [Define(self._variable(arguments[0], "#define", start), self._body("define", start))]

    def set(self) -> Set:
        """A #set whose opening parenthesis is taken."""
        scanner = self.scanner
        scanner.skip_whitespace()
        target = self.expressions.reference()
        if not target.steps and target.source != f"${target.root}":
            # 1.7 puts the value under the reference's text: `#set(${x} = 1)` makes a variable named "{x}", not $x
            target = replace(target, root=target.source[1:])
        scanner.skip_whitespace()
        scanner.expect("=", "after the reference #set assigns to")
        value = self.expressions.expression()
        self._close("set")
        return Set(target, value)

    def conditional(self, start: int) -> If:
        """An #if whose name is taken, to its #end."""
        branches: list[tuple[Expression, Block]] = []
        name, at = "if", start
        while name in ("if", "elseif"):
            condition = self._condition(name, at)
            block, (name, at) = self.parse_block()
            branches.append((condition, block))
        otherwise: Block = ()
        if name == "else":
            otherwise, (name, at) = self.parse_block()
        if name != "end":
            problem = f"meets a further #{name} at line {self.scanner.position(at).line}" if name else "has no #end"
            raise self.scanner.error(f"#if {problem}", start)
        return If(tuple(branches), otherwise)

    def _condition(self, name: str, start: int) -> Expression:
        self._open(name, start)
        condition = self.expressions.expression()
        self._close(name)
        return condition

    def _foreach(self, start: int) -> Foreach:
        self._open("foreach", start)
        variable = self._variable(self.expressions.value(), "#foreach", start)
        self.scanner.skip_whitespace()
        if not self.scanner.take(WORD):
            raise self.scanner.error("expected 'in': #foreach($item in $items)")
        self.scanner.skip_whitespace()
        items = self.expressions.value()
        self.scanner.skip_whitespace()
        self._close("foreach")
        return Foreach(variable, items, self._body("foreach", start), self.scanner.position(start))

    def _define_macro(self, start: int) -> None:
        self._open("macro", start)
        name = self.scanner.take(WORD)
        if not name:
            raise self.scanner.error("expected the macro's name: #macro(name $first $second)")
        parameters = self._values()
        self._close("macro")
        names = tuple(self._variable(parameter, "#macro", start) for parameter in parameters)
        body = self._body("macro", start)
        self.macros.setdefault(name[0], Macro(name[0], names, body))  # 1.7 keeps the first definition

    def macro_call(self, name: str, start: int) -> MacroCall:
        """The call of a macro whose name is taken; `#@name` has a body, up to its #end."""
        scanner = self.scanner
        at = scanner.position(start)
        arguments = self._arguments(name)
        if not name.startswith("@"):
            return MacroCall(name, tuple(arguments or ()), None, scanner.text[start : scanner.at], at)
        body = self._body(name, start) if arguments is not None else None
        return MacroCall(name[1:], tuple(arguments or ()), body, scanner.text[start : scanner.at], at)

    def _literal(self, start: int) -> Text:
        """#literal's body, which must parse, as it stands."""
        begin = self.scanner.at
        _, ending = self.parse_block()
        if ending.name != "end":
            raise self.scanner.error("#literal has no #end", start)
        return Text(self.scanner.text[begin : ending.at])

    def _arguments(self, name: str) -> list[Expression] | None:
        """The parenthesised values after a directive's name, commas optional; None where no parenthesis follows."""
        scanner = self.scanner
        start = scanner.at
        scanner.skip_whitespace()
        if not scanner.take_text("("):
            scanner.at = start
            return None
        values = self._values()
        self._close(name)
        return values

    def _values(self) -> list[Expression]:
        values: list[Expression] = []
        self.scanner.take(_SEPARATOR)
        while not self.scanner.looking_at(")"):
            word = None if self.expressions.at_boolean() else self.scanner.take(WORD)
            values.append(Literal(word[0]) if word else self.expressions.value())
            self.scanner.take(_SEPARATOR)
        return values

    def _variable(self, value: Expression, directive: str, start: int) -> str:
        if not isinstance(value, Reference) or value.steps:
            raise self.scanner.error(f"{directive} names a variable such as $item here", start)
        return value.root

    def _open(self, name: str, start: int) -> None:
        self.scanner.skip_whitespace()
        if not self.scanner.take_text("("):
            raise self.scanner.error(f"#{name} needs its arguments in parentheses", start)
        self.scanner.skip_whitespace()

    def _close(self, name: str) -> None:
        if not self.scanner.take(_CLOSING):
            raise self.scanner.error(f"expected ')' to close #{name}(, found {self.scanner.found()}{self._hint()}")

    def _hint(self) -> str:
        if _JOINED_MINUS.match(self.scanner.text, self.scanner.at):
            return "; -1 is read as one number, so write a blank after the minus: $x - 1"
        return ""

    def _body(self, name: str, start: int) -> Block:
        """The statements of a directive up to its #end."""
        block, ending = self.parse_block()
        if ending.name != "end":
            problem = f"meets #{ending.name} before its #end" if ending.name else "has no #end"
            raise self.scanner.error(f"#{name} {problem}", start)
        return block
