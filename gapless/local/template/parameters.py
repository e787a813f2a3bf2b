"""The template's parameters: what was declared, what was given, what each is worth."""

import re
from collections.abc import Mapping
from typing import Any

from gapless.local.template.errors import Node, TemplateError

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The value of every declared parameter: the one given, or else its default.

    declared: the Parameters section; given: name -> text, as on a command line.
    Returns text for String, a number for Number, a list for CommaDelimitedList and List<...>.
    Raises TemplateError for a name that is not declared, a missing value, or one that a constraint refuses.
    """
    unknown = sorted(set(given) - set(declared))
    if unknown:
        known = ", ".join(sorted(declared)) or "none"
        raise TemplateError(f"the template has no parameter {', '.join(unknown)}; it has: {known}")
    return {name: _value(name, one, given.get(name)) for name, one in declared.items()}


def _value(name: str, declared: Node, given: str | None) -> Node:
    """The value of one parameter, converted to its type and checked."""
    place = f"Parameters.{name}"
    if not isinstance(declared, dict) or not isinstance(declared.get("Type"), str):
        raise TemplateError(f"{place}: a parameter needs a Type")
    kind = declared["Type"]
    if kind.startswith("AWS::SSM::Parameter::Value") and given is None:
        raise TemplateError(f"{place}: nothing is looked up in Parameter Store here; give {name} a value")
    if given is None and "Default" not in declared:
        raise TemplateError(f"{place}: no value was given and it has no Default; give {name} a value")
    text = given if given is not None else _text(declared["Default"])
    is_list = kind == "CommaDelimitedList" or "List<" in kind
    parts = [part.strip() for part in text.split(",")] if is_list else [text]
    numeric = kind in ("Number", "List<Number>")
    for part in parts:
        _check(part, declared, numeric, place)
    values = [_number(part) if numeric else part for part in parts]
    return values if is_list else values[0]


def _check(text: str, declared: Mapping[str, Any], numeric: bool, place: str) -> None:
    shown = "the value" if str(declared.get("NoEcho")).lower() == "true" else repr(text)
    problem = _problem(text, declared, numeric)
    if problem:
        hint = declared.get("ConstraintDescription")
        raise TemplateError(f"{place}: {shown} {problem}" + (f" ({hint})" if hint else ""))


def _problem(text: str, declared: Mapping[str, Any], numeric: bool) -> str | None:
    """What a parameter's constraints have against a text, None when nothing."""
    if numeric and not NUMBER.fullmatch(text):
        return "is not a number"
    allowed = declared.get("AllowedValues")
    if allowed is not None and text not in [_text(value) for value in allowed]:
        return f"is not one of {', '.join(_text(value) for value in allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, text):
        return f"does not match {pattern}"
    size = float(text) if numeric else len(text)
    least, most = ("MinValue", "MaxValue") if numeric else ("MinLength", "MaxLength")
    unit = "" if numeric else " characters"
    if least in declared and size < float(declared[least]):
        return f"is less than {declared[least]}{unit}"
    if most in declared and size > float(declared[most]):
        return f"is more than {declared[most]}{unit}"
    return None


def _text(value: Node) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
