"""FilterCriteria: which records of a DynamoDB stream reach the function.

The operators are those Lambda documents, compared as the event-ruler library behind it compares; an operator of
EventBridge alone (`wildcard`, `cidr`) is an error here. What surprises:
- `exists` looks at leaves only: `{"NewImage": [{"exists": true}]}` never matches, an object is no leaf.
- DynamoDB numbers are strings in the record (`{"N": "5"}`): `numeric` never matches them, `["5"]` does.
- Numbers in a list of plain values are compared as they are written: 300 does not match 300.0.
- A field that holds an array matches when any of its elements does.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
Source: https://github.com/aws/event-ruler
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MAX_FILTERS = 10  # five, and up to ten after a quota increase
MAX_PATTERN_CHARACTERS = 4096

Record = Mapping[str, Any]
Fields = Callable[[Record], bool]
Leaf = Callable[[Any], bool]


class InvalidPattern(ValueError):
    """A filter pattern that Lambda would refuse; the text names the pattern and the place in it."""


def compile_filters(patterns: Sequence[str]) -> Fields:
    """Compile FilterCriteria.Filters into one predicate over a stream record; with no pattern all records match.

    patterns: the JSON text of each Filter's Pattern. Raises InvalidPattern.
    """
    if len(patterns) > MAX_FILTERS:
        raise InvalidPattern(f"FilterCriteria has {len(patterns)} filters; Lambda allows {MAX_FILTERS}")
    predicates = [compile_pattern(pattern) for pattern in patterns]
    return lambda record: not predicates or any(matches(record) for matches in predicates)


def compile_pattern(pattern: str) -> Fields:
    """Compile one pattern, JSON text; raises InvalidPattern."""
    try:
        if len(pattern) > MAX_PATTERN_CHARACTERS:
            raise InvalidPattern(f"it is {len(pattern)} characters long; Lambda allows {MAX_PATTERN_CHARACTERS}")
        return compile_fields(json.loads(pattern), "$")
    except json.JSONDecodeError as error:
        raise InvalidPattern(f"filter pattern {pattern!r} is not JSON: {error}") from error
    except InvalidPattern as error:
        raise InvalidPattern(f"filter pattern {pattern!r}: {error}") from None


def compile_fields(pattern: object, place: str) -> Fields:
    """Compile an object of the pattern: every field must match."""
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidPattern(f"{place} must be an object with at least one field, not {json.dumps(pattern)}")
    fields = [
        compile_or(value, f"{place}.$or") if name == "$or" else compile_field(name, value, f"{place}.{name}")
        for name, value in pattern.items()
    ]
    return lambda record: all(matches(record) for matches in fields)


def compile_or(alternatives: object, place: str) -> Fields:
    """Compile `$or`: any of its objects must match."""
    if not isinstance(alternatives, list) or len(alternatives) < 2:
        raise InvalidPattern(f"{place} must be a list of at least two objects")
    branches = [compile_fields(branch, f"{place}[{index}]") for index, branch in enumerate(alternatives)]
    return lambda record: any(matches(record) for matches in branches)


def compile_field(name: str, pattern: object, place: str) -> Fields:
    """Compile one field: a nested object, or a list of rules of which any must match a leaf."""
    if isinstance(pattern, dict):
        nested = compile_fields(pattern, place)
        return lambda record: any(nested(value) for value in objects_at(record, name))
    if not isinstance(pattern, list) or not pattern:
        raise InvalidPattern(f"{place} must be an object, or a list of at least one rule, not {json.dumps(pattern)}")
    absent_too = {"exists": False} in pattern
    rules = [compile_rule(rule, place) for rule in pattern if rule != {"exists": False}]

    def matches(record: Record) -> bool:
        leaves = leaves_at(record, name)
        return any(rule(leaf) for rule in rules for leaf in leaves) or (absent_too and not leaves)

    return matches


def compile_rule(rule: object, place: str) -> Leaf:
    """Compile one rule of a list: a plain value, or an object with one operator."""
    if not isinstance(rule, dict):
        return equals(rule, place)
    if len(rule) != 1:
        raise InvalidPattern(f"{place}: a rule has exactly one operator, not {json.dumps(rule)}")
    ((operator, operand),) = rule.items()
    if operator == "exists" and operand is True:
        return lambda leaf: True
    if operator == "numeric":
        return compile_numeric(operand, place)
    if operator == "anything-but":
        return compile_anything_but(operand, place)
    if operator in TEXT_RULES:
        return compile_text(operator, operand, place)
    known = ", ".join(["anything-but", "exists", "numeric", *TEXT_RULES])
    raise InvalidPattern(f"{place}: {json.dumps(rule)} is not a rule Lambda documents; those are {known}")


def compile_text(operator: str, operand: object, place: str) -> Leaf:
    """Compile prefix, suffix or equals-ignore-case."""
    if not isinstance(operand, str):
        raise InvalidPattern(f"{place}: {operator} takes a string, not {json.dumps(operand)}")
    compare = TEXT_RULES[operator]
    return lambda leaf: isinstance(leaf, str) and compare(leaf, operand)


TEXT_RULES: dict[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda leaf, operand: leaf.casefold() == operand.casefold(),
}


def compile_anything_but(operand: object, place: str) -> Leaf:
    """Compile anything-but: a value, a list of values, or one of the text rules over a string or a list of them."""
    if isinstance(operand, dict) and len(operand) == 1 and set(operand) <= set(TEXT_RULES):
        ((operator, texts),) = operand.items()
        excluded = [compile_text(operator, text, place) for text in (texts if isinstance(texts, list) else [texts])]
    elif isinstance(operand, dict) or operand == []:
        raise InvalidPattern(f"{place}: anything-but does not take {json.dumps(operand)}")
    else:
        excluded = [equals(value, place) for value in (operand if isinstance(operand, list) else [operand])]
    return lambda leaf: not any(rule(leaf) for rule in excluded)


def compile_numeric(operand: object, place: str) -> Leaf:
    """Compile numeric: pairs of comparison and number, such as [">", 0, "<=", 5], which must all hold."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidPattern(f"{place}: numeric takes one or two comparisons, such as ['>', 0, '<=', 5]")
    comparisons = []
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        if sign not in COMPARISONS or not is_number(bound):
            raise InvalidPattern(
                f"{place}: {sign!r} {bound!r} is no comparison; the signs are {', '.join(COMPARISONS)}"
            )
        comparisons.append((COMPARISONS[sign], bound))
    return lambda leaf: is_number(leaf) and all(compare(leaf, bound) for compare, bound in comparisons)


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda leaf, bound: leaf == bound,
    "<": lambda leaf, bound: leaf < bound,
    "<=": lambda leaf, bound: leaf <= bound,
    ">": lambda leaf, bound: leaf > bound,
    ">=": lambda leaf, bound: leaf >= bound,
}


def equals(value: object, place: str) -> Leaf:
    """Compile a plain value: string, number, boolean or null, equal in type too."""
    if isinstance(value, list):
        raise InvalidPattern(f"{place}: a rule cannot be a list: {json.dumps(value)}")
    return lambda leaf: type(leaf) is type(value) and leaf == value


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; Python counts booleans as numbers, JSON does not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def leaves_at(record: Record, name: str) -> list[Any]:
    """The values of a field that are no objects; those of an array are its elements."""
    return [value for value in flattened(record.get(name, [])) if not isinstance(value, dict)]


def objects_at(record: Record, name: str) -> list[Record]:
    """The objects in a field. A missing one counts as empty, so that `exists: false` below it matches."""
    return [value for value in flattened(record.get(name, [])) if isinstance(value, dict)] or [{}]


def flattened(value: object) -> list[Any]:
    """An array's elements, arrays in it flattened; any other value alone."""
    if not isinstance(value, list):
        return [value]
    return [leaf for element in value for leaf in flattened(element)]
