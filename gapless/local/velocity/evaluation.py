"""Expressions compiled to closures: parsed once, evaluated for every request.

API Gateway's dialect lives in one rule here: a reference that finds nothing is the empty string. So it prints as
nothing, equals both "" and another missing reference, and is true in #if, where only false is not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gapless.local.velocity import methods
from gapless.local.velocity.arithmetic import OPERATORS
from gapless.local.velocity.containers import hashable, put_item
from gapless.local.velocity.errors import JavaError, Position, VelocityError
from gapless.local.velocity.java import ArrayList
from gapless.local.velocity.scope import Evaluator, Renderer, Scope, Value
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

MOST_IN_RANGE = 1_000_000
Condition = Callable[[Scope], bool]
StepEvaluator = Callable[[Value, Scope], Value]
Assignment = Callable[[Scope, Value], None]


class ExpressionCompiler:
    """Compiles expressions; `compile_block` compiles the template inside a double-quoted string."""

    def __init__(self, compile_block: Callable[[Block], Renderer]) -> None:
        self.compile_block = compile_block

    def value(self, node: Expression) -> Evaluator:
        """The expression as a value."""
        match node:
            case Literal(value):
                return lambda scope: value
            case Reference():
                return self._reference(node.root, node.steps)
            case Interpolated(body):
                return self._interpolated(self.compile_block(body))
            case Binary(operator, left, right) if operator not in ("and", "or"):
                return self._operation(OPERATORS[operator], self.value(left), self.value(right))
            case Binary() | Not():
                return self.truth(node)
            case ListLiteral(nodes):
                items = [self.value(item) for item in nodes]
                return lambda scope: ArrayList(item(scope) for item in items)
            case MapLiteral(nodes):
                entries = [(self.value(key), self.value(value)) for key, value in nodes]
                return lambda scope: {hashable(key(scope)): value(scope) for key, value in entries}
            case Range(first, last):
                return self._range(self.value(first), self.value(last))

    def truth(self, node: Expression) -> Condition:
        """The expression as a condition.

        As in 1.7, a bare literal and arithmetic are false, without being evaluated: `#if(1)` renders nothing.
        """
        match node:
            case Binary("and", left, right):
                one, two = self.truth(left), self.truth(right)
                return lambda scope: one(scope) and two(scope)
            case Binary("or", left, right):
                one, two = self.truth(left), self.truth(right)
                return lambda scope: one(scope) or two(scope)
            case Not(operand):
                negated = self.truth(operand)
                return lambda scope: not negated(scope)
            case Reference():
                value = self._reference(node.root, node.steps)
                return lambda scope: value(scope) is not False
            case Binary("==" | "!=" | "<" | ">" | "<=" | ">=") | Literal(bool()):
                value = self.value(node)
                return lambda scope: value(scope) is True
            case _:
                return lambda scope: False

    def _operation(self, operator: Callable[[Value, Value], Value], left: Evaluator, right: Evaluator) -> Evaluator:
        return lambda scope: operator(left(scope), right(scope))

    def _interpolated(self, body: Renderer) -> Evaluator:
        def text(scope: Scope) -> str:
            parts: list[str] = []
            body(scope, parts.append)
            return "".join(parts)

        return text

    def _range(self, first: Evaluator, last: Evaluator) -> Evaluator:
        def numbers(scope: Scope) -> ArrayList | None:
            start, end = first(scope), last(scope)
            if type(start) is not int or type(end) is not int:
                return None
            if abs(end - start) >= MOST_IN_RANGE:
                raise VelocityError(f"the range [{start}..{end}] has more than {MOST_IN_RANGE:,} numbers")
            return ArrayList(range(start, end + 1) if start <= end else range(start, end - 1, -1))

        return numbers

    def _reference(self, root: str, steps: tuple[Step, ...]) -> Evaluator:
        compiled = [self._step(step) for step in steps]

        def read(scope: Scope) -> Value:
            value = scope.get(root) if scope.arguments else scope.variables.get(root)
            for step in compiled:
                if value is None:
                    return ""
                value = step(value, scope)
            return "" if value is None else value

        return read

    def _step(self, step: Step) -> StepEvaluator:
        match step:
            case Property(name):
                return lambda value, scope: value.get(name) if type(value) is dict else methods.read(value, name)
            case MethodCall(name, nodes, at):
                arguments = [self.value(node) for node in nodes]
                return self._call(name, arguments, at)
            case Index(node, at):
                return self._index(self.value(node), at)

    def _call(self, name: str, arguments: list[Evaluator], at: Position) -> StepEvaluator:
        def called(value: Value, scope: Scope) -> Value:
            with _locating(at, f"{name}()"):
                return methods.call(value, name, [argument(scope) for argument in arguments])

        return called

    def _index(self, key: Evaluator, at: Position) -> StepEvaluator:
        def indexed(value: Value, scope: Scope) -> Value:
            with _locating(at, "the index"):
                return methods.call(value, "get", [_from_start(value, key(scope))])

        return indexed

    def assignment(self, target: Reference) -> Assignment:
        """What #set does with a value: a variable, a map's entry or a list's item; nothing where there is none."""
        root = target.root
        if not target.steps:
            return lambda scope, value: scope.put(root, value)
        owner = self._reference(root, target.steps[:-1])
        match target.steps[-1]:
            case Property(name):
                return self._entry(owner, lambda scope: name, target.at)
            case Index(node, at):
                return self._entry(owner, self.value(node), at)
            case _:
                return lambda scope, value: None

    def _entry(self, owner: Evaluator, key: Evaluator, at: Position) -> Assignment:
        def assign(scope: Scope, value: Value) -> None:
            with _locating(at, "#set"):
                holder = owner(scope)
                wanted = _from_start(holder, key(scope))
                if isinstance(holder, list) and type(wanted) is int:
                    put_item(holder, wanted, value)
                else:
                    methods.call(holder, "put", [wanted, value])

        return assign


def _from_start(holder: Value, key: Value) -> Value:
    """A key as it is, but a negative index, which counts from the end, as one that counts from the start."""
    if type(key) is not int or key >= 0:
        return key
    size = methods.call(holder, "size", [])
    if type(size) is not int:
        raise VelocityError("a negative index counts from the end, and this value has no size()")
    return size + key


@contextmanager
def _locating(at: Position, what: str) -> Iterator[None]:
    """Give a problem its place in the template, unless it has one; what: the subject of "throws ..."."""
    try:
        yield
    except JavaError as problem:
        raise VelocityError(f"{what} throws {problem}", at=at) from problem
    except VelocityError as problem:
        problem.at = problem.at or at
        raise
