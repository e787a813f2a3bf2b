"""java.lang.String and Character: lengths and positions count UTF-16 units, as in Java."""

import re
from collections.abc import Callable
from typing import Any

from gapless.local.velocity import java_regex
from gapless.local.velocity.errors import JavaError
from gapless.local.velocity.java import Array, Char, java_equals
from gapless.local.velocity.java_format import java_format
from gapless.local.velocity.methods import register, table
from gapless.local.velocity.text import java_text

_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANKS = "".join(map(chr, range(33)))  # what trim() takes away


def units(text: str) -> str:
    """The text with each character beyond U+FFFF as its two surrogates, so that positions are Java's."""
    if text.isascii() or not _ASTRAL.search(text):
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))


def whole(text: str) -> str:
    """The text with each pair of surrogates as one character again."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def encodable(text: str) -> str:
    """The text as it leaves the template: a surrogate without its other half becomes "?", as when Java encodes it."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _SURROGATE.sub("?", whole(text))


def hash_code(text: str) -> int:
    """String.hashCode()."""
    code = 0
    for unit in units(text):
        code = (31 * code + ord(unit)) & 0xFFFFFFFF
    return code - (1 << 32) if code >= 1 << 31 else code


def _bounds(text: str, begin: int, end: int) -> str:
    if not 0 <= begin <= end <= len(text):
        raise JavaError(f"StringIndexOutOfBoundsException: begin {begin}, end {end}, length {len(text)}")
    return whole(text[begin:end])


def _substring(text: str, begin: int, end: int | None = None) -> str:
    in_units = units(text)
    return _bounds(in_units, begin, len(in_units) if end is None else end)


def _char_at(text: str, index: int) -> Char:
    in_units = units(text)
    if not 0 <= index < len(in_units):
        raise JavaError(f"StringIndexOutOfBoundsException: index {index}, length {len(in_units)}")
    return Char(in_units[index])


def _code_point_at(text: str, index: int) -> int:
    _char_at(text, index)
    return ord(whole(units(text)[index : index + 2])[0])


def _needle(sought: str | int) -> str:
    if isinstance(sought, str):
        return units(sought)
    return units(chr(sought)) if 0 <= sought <= 0x10FFFF else "\U0010ffff\0"  # units() never holds that one


def _index_of(text: str, sought: str | int, start: int = 0) -> int:
    in_units = units(text)
    return in_units.find(_needle(sought), min(max(start, 0), len(in_units)))


def _last_index_of(text: str, sought: str | int, start: int | None = None) -> int:
    needle = _needle(sought)
    if start is None:
        return units(text).rfind(needle)
    return -1 if start < 0 else units(text).rfind(needle, 0, start + len(needle))


def _starts_with(text: str, prefix: str, offset: int = 0) -> bool:
    return offset >= 0 and units(text).startswith(units(prefix), offset)


def _compare(left: str, right: str) -> int:
    mine, other = units(left), units(right)
    for one, two in zip(mine, other, strict=False):
        if one != two:
            return ord(one) - ord(two)
    return len(mine) - len(other)


def _folded(text: str) -> str:
    """Each character as compareToIgnoreCase and equalsIgnoreCase see it."""
    return "".join(c.upper().lower() if len(c.upper().lower()) == 1 else c for c in text)


def _repeat(text: str, count: int) -> str:
    if count < 0:
        raise JavaError(f"IllegalArgumentException: count is negative: {count}")
    if len(text) * count > 1 << 24:
        raise JavaError("OutOfMemoryError: the repeated text would be longer than 16 Mi characters")
    return text * count


def _replace_text(text: str, old: str, new: str) -> str:
    return whole(units(text).replace(units(old), units(new)))


def _region(text: str, fold: Callable[[str], str], start: int, other: str, offset: int, length: int) -> bool:
    mine, theirs = units(text), units(other)
    if start < 0 or offset < 0 or start + length > len(mine) or offset + length > len(theirs):
        return False
    return fold(mine[start : start + length]) == fold(theirs[offset : offset + length])


def _not_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """Java throws NullPointerException where a method's argument must not be null."""

    def checked(receiver: Any, *arguments: Any) -> Any:
        if None in arguments:
            raise JavaError("NullPointerException: null is not a possible argument here")
        return function(receiver, *arguments)

    return checked


OBJECT = table(
    {
        "toString()": java_text,
        "equals(Object)": java_equals,
        "hashCode()": lambda value: hash_code(java_text(value)),
    }
)

_STRING: dict[str, Callable[..., Any]] = {
    "length()": lambda s: len(units(s)),
    "isEmpty()": lambda s: not s,
    "isBlank()": lambda s: not s.strip(),
    "charAt(int)": _char_at,
    "codePointAt(int)": _code_point_at,
    "substring(int)": _substring,
    "substring(int,int)": _substring,
    "subSequence(int,int)": _substring,
    "indexOf(int)": _index_of,
    "indexOf(String)": _index_of,
    "indexOf(int,int)": _index_of,
    "indexOf(String,int)": _index_of,
    "lastIndexOf(int)": _last_index_of,
    "lastIndexOf(String)": _last_index_of,
    "lastIndexOf(int,int)": _last_index_of,
    "lastIndexOf(String,int)": _last_index_of,
    "contains(CharSequence)": lambda s, sought: sought in s,
    "startsWith(String)": _starts_with,
    "startsWith(String,int)": _starts_with,
    "endsWith(String)": lambda s, suffix: s.endswith(suffix),
    "concat(String)": lambda s, other: whole(s + other),
    "replace(CharSequence,CharSequence)": _replace_text,
    "replace(char,char)": _replace_text,
    "replaceAll(String,String)": java_regex.replace,
    "replaceFirst(String,String)": lambda s, pattern, new: java_regex.replace(s, pattern, new, 1),
    "matches(String)": java_regex.matches,
    "split(String)": lambda s, pattern: Array(java_regex.split(s, pattern)),
    "split(String,int)": lambda s, pattern, limit: Array(java_regex.split(s, pattern, limit)),
    "toUpperCase()": lambda s: s.upper(),
    "toLowerCase()": lambda s: s.lower(),
    "trim()": lambda s: s.strip(_BLANKS),
    "strip()": lambda s: s.strip(),
    "stripLeading()": lambda s: s.lstrip(),
    "stripTrailing()": lambda s: s.rstrip(),
    "repeat(int)": _repeat,
    "compareTo(String)": _compare,
    "compareToIgnoreCase(String)": lambda s, other: _compare(_folded(s), _folded(other)),
    "equalsIgnoreCase(String)": lambda s, other: other is not None and _folded(s) == _folded(other),
    "contentEquals(CharSequence)": lambda s, other: s == other,
    "regionMatches(int,String,int,int)": lambda s, *region: _region(s, str, *region),
    "regionMatches(boolean,int,String,int,int)": lambda s, fold, *region: _region(s, _folded if fold else str, *region),
    "hashCode()": hash_code,
    "intern()": lambda s: s,
    "toCharArray()": lambda s: Array(map(Char, units(s)), "[C"),
    "getBytes()": lambda s: Array((b - 256 if b > 127 else b for b in s.encode(errors="replace")), "[B"),
    "format(String,Object...)": lambda _, pattern, values: java_format(pattern, values),
    "join(CharSequence,Collection)": lambda _, separator, items: separator.join(map(java_text, items)),
    "join(CharSequence,Object...)": lambda _, separator, items: separator.join(map(java_text, items)),
    "valueOf(char[])": lambda _, characters: whole("".join(characters)),
    "valueOf(Object)": lambda _, value: java_text(value),
    "copyValueOf(char[])": lambda _, characters: whole("".join(characters)),
}
_NULL_ALLOWED = {
    "equalsIgnoreCase(String)",
    "format(String,Object...)",
    "join(CharSequence,Object...)",
    "valueOf(Object)",
}

register(str, table({s: f if s in _NULL_ALLOWED else _not_null(f) for s, f in _STRING.items()}, OBJECT))
register(
    Char,
    table(
        {
            "charValue()": lambda c: c,
            "compareTo(char)": lambda c, other: ord(c) - ord(other),
            "hashCode()": ord,
            "isDigit(char)": lambda _, c: c.isdecimal(),
            "isLetter(char)": lambda _, c: c.isalpha(),
            "isWhitespace(char)": lambda _, c: c.isspace(),
            "toUpperCase(char)": lambda _, c: Char(c.upper()) if len(c.upper()) == 1 else c,
            "toLowerCase(char)": lambda _, c: Char(c.lower()) if len(c.lower()) == 1 else c,
        },
        OBJECT,
    ),
)
