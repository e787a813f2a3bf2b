"""What a rendering knows: variables, macro arguments, and the ways a directive ends its surroundings."""

from collections.abc import Callable
from typing import Any

Value = Any  # a Java value: str, int, float, Decimal, bool, None, list, dict, or an object of java.py
Evaluator = Callable[["Scope"], Value]
Write = Callable[[str], object]
Renderer = Callable[["Scope", Write], None]


class Scope:
    """The variables of one rendering, seen from inside a macro (its arguments hide variables) or from outside.

    A macro's argument is evaluated where the call stands, each time it is used (Velocity passes by name); an
    assignment to it ends that, and stays inside the macro.
    """

    __slots__ = ("arguments", "depth", "macros", "variables")

    def __init__(
        self,
        variables: dict[str, Value],
        arguments: dict[str, Callable[[], Value]],
        macros: dict[str, Any],
        depth: int = 0,
    ) -> None:
        self.variables = variables
        self.arguments = arguments
        self.macros = macros
        self.depth = depth

    def get(self, name: str) -> Value:
        """The value of a variable or argument; None when there is none."""
        if self.arguments and name in self.arguments:
            return self.arguments[name]()
        return self.variables.get(name)

    def put(self, name: str, value: Value) -> None:
        """Assign to a variable, or to the argument that hides it."""
        if self.arguments and name in self.arguments:
            self.arguments[name] = lambda: value
        else:
            self.variables[name] = value

    def inside_macro(self, arguments: dict[str, Callable[[], Value]]) -> "Scope":
        """The scope of a macro's body: the caller's, with the macro's arguments in front."""
        return Scope(self.variables, {**self.arguments, **arguments}, self.macros, self.depth + 1)


class BreakOut(Exception):
    """#break on its way to the nearest loop or macro, or to the loop it names."""

    def __init__(self, target: object | None) -> None:
        self.target = target


class StopRendering(Exception):
    """#stop on its way to the end of the template."""
