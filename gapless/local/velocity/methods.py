"""Which Java methods a template may call: tables of Java signatures, looked up by receiver, name and arguments.

Nothing is called that is not in a table, so a template never reaches a Python object's attributes.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from gapless.local.velocity.java import Array, Char

Function = Callable[..., Any]


class Method(NamedTuple):
    """A Java method: a test for each argument, and what is called with the receiver and the arguments."""

    accepts: tuple[Callable[[Any], bool], ...]
    function: Function


Table = dict[tuple[str, int], list[Method]]

# How an argument fits a Java parameter. Null fits every class, no primitive.
_FITS: dict[str, Callable[[Any], bool]] = {
    "Object": lambda value: True,
    "String": lambda value: type(value) is str or value is None,
    "CharSequence": lambda value: type(value) is str or value is None,
    "char": lambda value: type(value) is Char,
    "boolean": lambda value: type(value) is bool,
    "int": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "long": lambda value: type(value) is int and -(2**63) <= value < 2**63,
    "double": lambda value: type(value) is float or type(value) is int,
    "Number": lambda value: type(value) in (int, float, Decimal),
    "Collection": lambda value: isinstance(value, list) and not isinstance(value, Array),
    "Map": lambda value: isinstance(value, dict),
    "char[]": lambda value: isinstance(value, Array) and value.kind == "[C",
}

_TABLES: dict[type, Table] = {}


def table(signatures: Mapping[str, Function], *inherited: Table) -> Table:
    """A table from Java signatures such as `substring(int,int)`; the receiver is each function's first argument.

    Of several methods with one name and count of arguments the first that fits is called. A last parameter written
    `Object...` takes any further arguments as one list.
    """
    built: Table = {}
    for signature, function in signatures.items():
        name, _, parameters = signature.rstrip(")").partition("(")
        types = parameters.split(",") if parameters else []
        if types and types[-1].endswith("..."):
            fixed = tuple(_FITS[kind] for kind in types[:-1])
            for count in range(9):
                built.setdefault((name, len(fixed) + count), []).append(
                    Method(fixed + (_FITS["Object"],) * count, _gathering(function, len(fixed)))
                )
        else:
            built.setdefault((name, len(types)), []).append(Method(tuple(_FITS[kind] for kind in types), function))
    for other in inherited:
        for key, methods in other.items():
            built.setdefault(key, []).extend(methods)
    return built


def _gathering(function: Function, fixed: int) -> Function:
    return lambda receiver, *arguments: function(receiver, *arguments[:fixed], list(arguments[fixed:]))


def register(kind: type, methods: Table) -> None:
    """Give the values of a class their methods."""
    _TABLES[kind] = methods


def call(receiver: Any, name: str, arguments: list[Any]) -> Any:
    """`receiver.name(arguments)`; None when there is no such method, as Velocity has it.

    Raises JavaError when the method throws.
    """
    for method in _TABLES.get(type(receiver), {}).get((name, len(arguments)), ()):
        if all(fits(argument) for fits, argument in zip(method.accepts, arguments, strict=True)):
            return method.function(receiver, *arguments)
    return None


def read(receiver: Any, name: str) -> Any:
    """`receiver.name`: getName(), then a map's entry, then isName()."""
    if isinstance(receiver, dict):
        return receiver.get(name)
    methods = _TABLES.get(type(receiver), {})
    capital = name[0].upper() + name[1:]
    for getter in (f"get{capital}", f"is{capital}"):
        if found := methods.get((getter, 0)):
            return found[0].function(receiver)
    return call(receiver, "get", [name])
