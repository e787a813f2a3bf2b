"""JSON as RFC 8259 has it, read without trusting the sender."""

import json

MAX_DIGITS = 4000  # int() is quadratic, and refuses more than 4,300


class NotJson(ValueError):
    """The text is not JSON, or nested too deep to be read."""


def read_json(text: str) -> object:
    """The document in a text; raises NotJson.

    No NaN, no Infinity, no trailing comma; of a repeated key the last value counts. An integer of more than 4,000
    digits keeps its sign and its leading digits only: it stays an integer, and larger than any sensible bound.
    """
    try:
        document: object = _DECODER.decode(text)
    except RecursionError as error:
        raise NotJson("it is nested too deep") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    return document


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int:
    return int(digits[:MAX_DIGITS])


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)
