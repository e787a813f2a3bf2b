"""java.util.regex over the `regex` package: what String.matches, replaceAll, replaceFirst and split need."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import regex

from gapless.local.velocity.errors import JavaError

Found = TypeVar("Found")

TIMEOUT = 1.0  # seconds; a pattern that backtracks without end must not hold the gateway
_NOT_LINE_END = r"[^\n\r\x85\u2028\u2029]"
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "0-9a-zA-Z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_HORIZONTAL = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n\x0b\f\r\x85\u2028\u2029"
_SETS = {"h": _HORIZONTAL, "v": _VERTICAL, "d": "0-9", "w": "a-zA-Z_0-9", "s": r" \t\n\x0b\f\r"}  # ASCII only
_PLAIN = {"e": r"\x1b", "z": r"\Z", "Z": r"(?=(?:\r\n|[\n\r\x85\u2028\u2029])?\Z)", "a": r"\x07"}
_TOKEN = regex.compile(
    r"""\\Q(?<quoted>.*?)(?:\\E|\Z)
      | \\(?<negated>[pP])(?:\{(?<property>[^}]*)\}|(?<short>[A-Za-z]))
      | \\0(?<octal>[0-3]?[0-7]{1,2}) | \\x\{(?<hex>[0-9a-fA-F]+)\} | \\c(?<control>.) | \\k<(?<back>\w+)>
      | \\(?<escape>.)
      | (?<flags>\(\?[a-zA-Z-]+(?=[:)])) | (?<repeat>\{\d+(?:,\d*)?\}) | (?<other>.)""",
    regex.VERBOSE | regex.DOTALL,
)


@lru_cache(maxsize=512)
def pattern(java: str) -> regex.Pattern[str]:
    """Compile a Java pattern; raises JavaError when its syntax is wrong."""
    try:
        return regex.compile(_translate(java), regex.VERSION1)
    except (regex.error, OverflowError) as problem:
        raise JavaError(f"PatternSyntaxException: {problem} in the regular expression {java!r}") from problem


def _translate(java: str) -> str:
    depth = 0  # of nested character classes
    dot = "." if regex.search(r"\(\?[a-z]*s", java) else _NOT_LINE_END
    out: list[str] = []
    for token in _TOKEN.finditer(java):
        piece = token[0]
        if token["other"] is not None:
            if piece == "[":
                depth += 1
            elif piece == "]" and depth:
                depth -= 1
            elif piece == "{" and not depth:
                raise JavaError(f"PatternSyntaxException: Illegal repetition near index {token.start()} in {java!r}")
            elif piece == "." and not depth:
                piece = dot
            elif piece == ":" and depth:
                piece = r"\:"  # Java knows no [:alpha:]
        elif token["flags"] is not None:
            piece = _flags(piece, java[token.end()])
        else:
            piece = _escape(token, piece, bool(depth))
        out.append(piece)
    return "".join(out)


def _escape(token: regex.Match[str], piece: str, in_class: bool) -> str:
    """One escape of Java's in the package's spelling."""
    if token["quoted"] is not None:
        return str(regex.escape(token["quoted"], special_only=False))
    if name := token["property"] or token["short"]:
        inside = _POSIX.get(name)
        if inside is None:
            return piece.replace("{Is", "{").replace("{javaLowerCase", "{Ll").replace("{javaUpperCase", "{Lu")
        return _set(inside, token["negated"] == "P", in_class)
    if code := token["octal"]:
        return f"\\x{int(code, 8):02x}"
    if code := token["hex"]:
        return str(regex.escape(chr(int(code, 16))))
    if code := token["control"]:
        return f"\\x{ord(code) ^ 64:02x}"
    if name := token["back"]:
        return f"(?P={name})"
    letter = token["escape"]
    if letter and letter.lower() in _SETS:
        return _set(_SETS[letter.lower()], letter.isupper(), in_class)
    if letter in _PLAIN and not in_class:
        return _PLAIN[letter]
    return piece


def _flags(piece: str, after: str) -> str:
    """The flags Java and the package share; case is folded character by character ("ß" is not "ss")."""
    kept = regex.sub("[duU]", "", piece)
    if "i" in kept.split("-")[0]:
        kept += "f" if "-" in kept else "-f"
    return "(?:" if kept == "(?" and after == ")" else kept


def _set(characters: str, negated: bool, in_class: bool) -> str:
    if negated:
        return f"[^{characters}]"
    return characters if in_class else f"[{characters}]"


def matches(text: str, java: str) -> bool:
    """String.matches: whether the pattern `java` matches the whole text."""
    return _guarded(lambda: pattern(java).fullmatch(text, timeout=TIMEOUT) is not None, java)


def replace(text: str, java: str, replacement: str, count: int = 0) -> str:
    """replaceAll, or replaceFirst with count 1."""
    compiled = pattern(java)
    if not any(special in replacement for special in "\\$"):  # as it is, which spares a call for each match
        return _guarded(lambda: str(compiled.sub(replacement, text, count=count, timeout=TIMEOUT)), java)

    def filled(found: regex.Match[str]) -> str:
        parts = _replacement(replacement, compiled)  # as in Java, a wrong replacement is an error only when one is made
        return "".join(part if isinstance(part, str) else found[part[0]] or "" for part in parts)

    return _guarded(lambda: str(compiled.sub(filled, text, count=count, timeout=TIMEOUT)), java)


def split(text: str, java: str, limit: int = 0) -> list[str]:
    """String.split: at most `limit` pieces when positive; trailing empty ones are dropped when it is 0."""
    pieces: list[str] = []
    at = 0
    for found in _guarded(lambda: list(pattern(java).finditer(text, timeout=TIMEOUT)), java):
        if 0 < limit <= len(pieces) + 1:
            break
        if found.end() == 0:  # an empty match at the very start cuts nothing off
            continue
        pieces.append(text[at : found.start()])
        at = found.end()
    if at == 0:
        return [text]
    pieces.append(text[at:])
    while limit == 0 and pieces and not pieces[-1]:
        pieces.pop()
    return pieces


@lru_cache(maxsize=512)
def _replacement(text: str, compiled: regex.Pattern[str]) -> list[str | tuple[int | str]]:
    r"""Java's replacement text: `$1` and `${name}` are groups, `\x` is x."""
    parts: list[str | tuple[int | str]] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            if at + 1 == len(text):
                raise JavaError(
                    "IllegalArgumentException: character to be escaped is missing: the replacement ends in \\"
                )
            parts.append(text[at + 1])
            at += 2
        elif character == "$":
            group, at = _group(text, at + 1, compiled)
            parts.append((group,))
        else:
            parts.append(character)
            at += 1
    return parts


def _group(text: str, at: int, compiled: regex.Pattern[str]) -> tuple[int | str, int]:
    """The group named after a `$` at `at - 1`, and where its name ends. `$12` is group 12 only if there is one."""
    if named := regex.compile(r"\{(\w+)\}").match(text, at):
        if named[1] not in compiled.groupindex:
            raise JavaError(f"IllegalArgumentException: No group with name {{{named[1]}}}")
        return str(named[1]), named.end()
    if at == len(text) or not "0" <= text[at] <= "9":
        raise JavaError(r"IllegalArgumentException: Illegal group reference: write \$ for a dollar in a replacement")
    group = int(text[at])
    at += 1
    while at < len(text) and "0" <= text[at] <= "9" and group * 10 + int(text[at]) <= compiled.groups:
        group = group * 10 + int(text[at])
        at += 1
    if group > compiled.groups:
        raise JavaError(f"IndexOutOfBoundsException: No group {group}")
    return group, at


def _guarded(search: Callable[[], Found], java: str) -> Found:
    try:
        return search()
    except TimeoutError:
        raise JavaError(f"the regular expression {java!r} took longer than {TIMEOUT:g} s; simplify it") from None
