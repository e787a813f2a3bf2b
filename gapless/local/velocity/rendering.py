"""Statements compiled to closures that write text."""

from collections.abc import Callable
from typing import NamedTuple

from gapless.local.velocity.errors import VelocityError
from gapless.local.velocity.evaluation import ExpressionCompiler
from gapless.local.velocity.grammar import parse
from gapless.local.velocity.loops import foreach
from gapless.local.velocity.methods import register
from gapless.local.velocity.scope import BreakOut, Evaluator, Renderer, Scope, StopRendering, Write
from gapless.local.velocity.strings import OBJECT
from gapless.local.velocity.syntax import (
    Block,
    Break,
    Define,
    Document,
    Evaluate,
    Foreach,
    If,
    MacroCall,
    Reference,
    Set,
    Statement,
    Stop,
    Text,
)
from gapless.local.velocity.text import java_text

DEEPEST_MACRO = 20  # velocimacro.max.depth
DEEPEST_DEFINE = 2  # directive.define.max.depth: a block that renders itself stops there


class CompiledMacro(NamedTuple):
    """A macro ready to be called."""

    parameters: tuple[str, ...]
    body: Renderer


class Program(NamedTuple):
    """A template ready to run."""

    body: Renderer
    macros: dict[str, CompiledMacro]


class DefinedBlock:
    """What #define puts into its variable, and a macro's $bodyContent: a block rendered wherever it is used."""

    def __init__(self, name: str, body: Renderer, scope: Scope, deepest: int) -> None:
        self.name = name
        self.body = body
        self.scope = scope
        self.deepest = deepest
        self.depth = 0

    def render(self, scope: Scope, write: Write) -> None:
        """Write the block; one that is inside itself too deep writes its name instead."""
        if self.depth >= self.deepest:
            write(f"${self.name}")
            return
        self.depth += 1
        try:
            self.body(scope, write)
        except BreakOut as out:
            if out.target is not None:
                raise
        finally:
            self.depth -= 1

    def __str__(self) -> str:
        parts: list[str] = []
        self.render(self.scope, parts.append)
        return "".join(parts)


register(DefinedBlock, OBJECT)


def compile_document(document: Document) -> Program:
    """Compile a parsed template with its macros."""
    compiler = StatementCompiler()
    macros = {
        name: CompiledMacro(macro.parameters, compiler.block(macro.body)) for name, macro in document.macros.items()
    }
    return Program(compiler.block(document.body), macros)


class StatementCompiler:
    """Compiles blocks and the statements in them."""

    def __init__(self) -> None:
        self.expressions = ExpressionCompiler(self.block)

    def block(self, statements: Block) -> Renderer:
        """Compile statements that are rendered one after the other."""
        parts = [self._statement(statement) for statement in statements]
        if len(parts) == 1:
            return parts[0]

        def render(scope: Scope, write: Write) -> None:
            for part in parts:
                part(scope, write)

        return render

    def _statement(self, node: Statement) -> Renderer:
        match node:
            case Text(text):
                return self._text(text)
            case Reference():
                return self._output(self.expressions.value(node))
            case Set():
                return self._set(node)
            case If():
                return self._conditional(node)
            case Foreach(variable, items, body, at):
                return foreach(variable, self.expressions.value(items), self.block(body), at)
            case MacroCall():
                return self._macro_call(node)
            case Define(name, body):
                return self._define(name, self.block(body))
            case Evaluate():
                return self._evaluate(node)
            case Break(target):
                return self._break_out(self.expressions.value(target) if target else None)
            case Stop():
                return self._stop()

    def _text(self, text: str) -> Renderer:
        def render(scope: Scope, write: Write) -> None:
            write(text)

        return render

    def _output(self, read: Evaluator) -> Renderer:
        def render(scope: Scope, write: Write) -> None:
            value = read(scope)
            if type(value) is str:
                write(value)
            elif isinstance(value, DefinedBlock):
                value.render(scope, write)
            else:
                write(java_text(value))

        return render

    def _set(self, node: Set) -> Renderer:
        assign = self.expressions.assignment(node.target)
        read = self.expressions.value(node.value)

        def render(scope: Scope, write: Write) -> None:
            value = read(scope)
            if value is not None:  # null (a division by zero, say) leaves the target as it was
                assign(scope, value)

        return render

    def _conditional(self, node: If) -> Renderer:
        branches = [(self.expressions.truth(condition), self.block(body)) for condition, body in node.branches]
        otherwise = self.block(node.otherwise)

        def render(scope: Scope, write: Write) -> None:
            for condition, body in branches:
                if condition(scope):
                    return body(scope, write)
            return otherwise(scope, write)

        return render

    def _define(self, name: str, body: Renderer) -> Renderer:
        return lambda scope, write: scope.put(name, DefinedBlock(name, body, scope, DEEPEST_DEFINE))

    def _macro_call(self, node: MacroCall) -> Renderer:
        arguments = [self.expressions.value(argument) for argument in node.arguments]
        content = self.block(node.body) if node.body is not None else None

        def render(scope: Scope, write: Write) -> None:
            macro = scope.macros.get(node.name)
            if macro is None:
                write(node.source)
                return
            if scope.depth >= DEEPEST_MACRO:
                raise VelocityError(f"#{node.name} is called more than {DEEPEST_MACRO} macros deep", at=node.at)
            bound = {name: _bind(value, scope) for name, value in zip(macro.parameters, arguments, strict=False)}
            if content is not None:
                body_content = DefinedBlock("bodyContent", content, scope, DEEPEST_MACRO)
                bound["bodyContent"] = lambda: body_content
            try:
                macro.body(scope.inside_macro(bound), write)
            except BreakOut as out:
                if out.target is not None:
                    raise

        return render

    def _evaluate(self, node: Evaluate) -> Renderer:
        read = self.expressions.value(node.argument)

        def render(scope: Scope, write: Write) -> None:
            program = compile_document(parse(java_text(read(scope)), "#evaluate", node.at))
            for name, macro in program.macros.items():
                scope.macros.setdefault(name, macro)
            program.body(scope, write)

        return render

    def _break_out(self, target: Evaluator | None) -> Renderer:
        def render(scope: Scope, write: Write) -> None:
            raise BreakOut(target(scope) if target else None)

        return render

    def _stop(self) -> Renderer:
        def render(scope: Scope, write: Write) -> None:
            raise StopRendering

        return render


def _bind(value: Evaluator, scope: Scope) -> Callable[[], object]:
    """A macro's argument: evaluated in the caller's scope whenever it is used."""
    return lambda: value(scope)
