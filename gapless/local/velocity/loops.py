"""#foreach and what $foreach tells about it."""

from gapless.local.velocity.errors import Position, VelocityError
from gapless.local.velocity.java import JavaIterator, View
from gapless.local.velocity.methods import register, table
from gapless.local.velocity.scope import BreakOut, Evaluator, Renderer, Scope, Value, Write
from gapless.local.velocity.strings import OBJECT

# "The maximum number of iterations in a #foreach loop in a mapping template is 1000": API Gateway quotas, REST APIs
MOST_ITERATIONS = 1000


class Loop:
    """$foreach: where the innermost loop stands, and whatever a template stores in it."""

    def __init__(self, items: list[Value], parent: object) -> None:
        self.items = items
        self.parent = parent if isinstance(parent, Loop) else None
        self.index = 0
        self.stored: dict[str, Value] = {}

    @property
    def has_next(self) -> bool:
        """Whether further items follow."""
        return self.index + 1 < len(self.items)

    @property
    def topmost(self) -> "Loop":
        """The outermost of the loops around this one, or itself."""
        return self.parent.topmost if self.parent else self

    def __str__(self) -> str:
        return f"{{{', '.join(f'{key}={value}' for key, value in self.stored.items())}}}"


def _stop(loop: Loop) -> None:
    raise BreakOut(loop)


register(
    Loop,
    table(
        {
            "getIndex()": lambda loop: loop.index,
            "getCount()": lambda loop: loop.index + 1,
            "hasNext()": lambda loop: loop.has_next,
            "getHasNext()": lambda loop: loop.has_next,
            "isFirst()": lambda loop: loop.index == 0,
            "isLast()": lambda loop: not loop.has_next,
            "getParent()": lambda loop: loop.parent,
            "getTopmost()": lambda loop: loop.topmost,
            "get(Object)": lambda loop, key: loop.stored.get(key),
            "stop()": _stop,
            "put(Object,Object)": lambda loop, key, value: loop.stored.update({key: value}),
        },
        OBJECT,
    ),
)

_LOOP_VARIABLES = ("foreach", "velocityCount", "velocityHasNext")


def foreach(variable: str, items: Evaluator, body: Renderer, at: Position) -> Renderer:
    """Render `body` for each item; afterwards the variables of the loop are what they were before it."""
    names = (variable, *_LOOP_VARIABLES)

    def render(scope: Scope, write: Write) -> None:
        found = items(scope)
        members = _members(found)
        if not members:
            return
        variables = scope.variables
        before = [(name, name in variables, variables.get(name)) for name in names]
        loop = variables["foreach"] = Loop(members, variables.get("foreach"))
        live = found if isinstance(found, dict | list) else members
        live = live.source if isinstance(live, View) else live
        size = len(live)
        try:
            for index, member in enumerate(members[:MOST_ITERATIONS]):
                loop.index = index
                variables["foreach"] = loop
                variables["velocityCount"] = index + 1
                variables["velocityHasNext"] = loop.has_next
                variables[variable] = member
                body(scope, write)
                if len(live) != size and loop.has_next:
                    raise VelocityError("#foreach: the collection was changed while it was looped over", at=at)
        except BreakOut as out:
            if out.target is not None and out.target is not loop:
                raise
        finally:
            for name, existed, value in before:
                if existed:
                    variables[name] = value
                else:
                    variables.pop(name, None)

    return render


def _members(value: Value) -> list[Value]:
    """What #foreach loops over: a list's items or a map's values; nothing for anything else, a string included."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, JavaIterator):
        return value.items[value.at :]
    return []
