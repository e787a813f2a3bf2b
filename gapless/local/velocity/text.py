"""The text of Java's values: what toString() returns, and JSON as json-smart writes it."""

import re
from decimal import Decimal
from typing import Any

from gapless.local.velocity.java import Array, Char, Entry, identity

# json-smart escapes controls, DEL to U+009F, and the block of general punctuation and symbols with the line separators.
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2000-\u20ff]')
_ESCAPED_FOR_WEB = re.compile(r'["\\/\x00-\x1f\x7f-\x9f\u2000-\u20ff]')
_SHORT = {
    c: f"\\{s}"
    for c, s in {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}.items()
}


def java_text(value: Any) -> str:
    """What `toString()` returns; "null" for None, as inside a collection."""
    kind = type(value)
    if kind is str or kind is Char:
        return str(value)
    if kind is int or kind is Decimal:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is float:
        return double_text(value)
    if kind is list:
        return json_text(value, for_web=True)
    if isinstance(value, dict):
        entries = (f"{_member(value, key, 'Map')}={_member(value, item, 'Map')}" for key, item in value.items())
        return f"{{{', '.join(entries)}}}"
    if kind is Array:
        return f"{value.kind}@{identity(value):x}"
    if isinstance(value, list):
        return f"[{', '.join(_member(value, item, 'Collection') for item in value)}]"
    if kind is Entry:
        return f"{java_text(value.key)}={java_text(value.value)}"
    return str(value)


def _member(owner: Any, value: Any, kind: str) -> str:
    return f"(this {kind})" if value is owner else java_text(value)


def double_text(value: float) -> str:
    """Double.toString: decimal from 0.001 up to 10,000,000, otherwise with an exponent, always with a fraction."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    minus = "-" if sign else ""
    if value == 0:
        return f"{minus}0.0"
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)  # the decimal point stands after this many figures
    if not -3 < point <= 7:
        return f"{minus}{figures[0]}.{figures[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{figures}"
    return f"{minus}{figures[:point].ljust(point, '0')}.{figures[point:] or '0'}"


def json_text(value: Any, for_web: bool = False) -> str:
    """JSON without blanks.

    value: any Java value, and one JSON has no form for is written as its text; for_web: escape "/" too, which a
    JSONArray's toString() does and $input.json does not.
    """
    if isinstance(value, str):
        return quoted(value, for_web)
    if value is None:
        return "null"
    if isinstance(value, dict):
        pairs = (f"{quoted(java_text(key), for_web)}:{json_text(item, for_web)}" for key, item in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(json_text(item, for_web) for item in value)}]"
    if value in (float("inf"), float("-inf")):
        return "null"
    if isinstance(value, bool | int | float | Decimal):
        return java_text(value)
    return quoted(java_text(value), for_web)


def quoted(text: str, for_web: bool = False) -> str:
    """A JSON string; for_web: escape "/" too."""
    return f'"{(_ESCAPED_FOR_WEB if for_web else _ESCAPED).sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT.get(character) or f"\\u{ord(character):04X}"
