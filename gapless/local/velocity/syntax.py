"""The nodes a template is parsed into."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from gapless.local.velocity.errors import Position

# --- expressions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `None` stands for a bare word among a method's arguments, which Velocity 1.7 reads as null."""

    value: str | int | float | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A double-quoted string that holds references or directives."""

    body: Block


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[one, two]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{"key": value}`."""

    entries: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[first..last]`, both ends included, descending when first > last."""

    first: Expression
    last: Expression


@dataclass(frozen=True, slots=True)
class Property:
    """`.name`: a property, or an entry of a map."""

    name: str


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`.name(...)`: a call of a Java method."""

    name: str
    arguments: tuple[Expression, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Index:
    """`[key]`: an item of a list, or an entry of a map."""

    key: Expression
    at: Position


Step = Property | MethodCall | Index


@dataclass(frozen=True, slots=True)
class Reference:
    """`$root.step.step`; `source` is its text in the template, printed when the reference is escaped."""

    root: str
    steps: tuple[Step, ...]
    source: str
    at: Position


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; a word such as `eq` stands as its sign, `&&` and `||` as `and` and `or`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    operand: Expression


Expression = Literal | Interpolated | ListLiteral | MapLiteral | Range | Reference | Binary | Not

# --- statements ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Text written as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Set:
    """`#set(target = value)`."""

    target: Reference
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """The branches in order, each a condition and its block, and the block of #else."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block


@dataclass(frozen=True, slots=True)
class Foreach:
    """`#foreach($variable in items) body #end`."""

    variable: str
    items: Expression
    body: Block
    at: Position


@dataclass(frozen=True, slots=True)
class Macro:
    """`#macro(name $parameter ...) body #end`."""

    name: str
    parameters: tuple[str, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class MacroCall:
    """`#name(...)` or `#@name(...) body #end`. A name no macro bears is text: `source`."""

    name: str
    arguments: tuple[Expression, ...]
    body: Block | None
    source: str
    at: Position


@dataclass(frozen=True, slots=True)
class Define:
    """`#define($name) body #end`."""

    name: str
    body: Block


@dataclass(frozen=True, slots=True)
class Evaluate:
    """`#evaluate(argument)`: the argument's text, rendered as a template."""

    argument: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Break:
    """`#break`, or `#break($foreach.parent)` with the loop to leave."""

    target: Expression | None


@dataclass(frozen=True, slots=True)
class Stop:
    """`#stop`."""


Statement = Text | Reference | Set | If | Foreach | MacroCall | Define | Evaluate | Break | Stop
Block = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole template: its statements, and the macros defined anywhere in it."""

    body: Block
    macros: dict[str, Macro]
