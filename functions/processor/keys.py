"""Idempotency keys that have had their time: POST /numbers leaves them on a counter, the sweeper removes them. Pure.

How their attributes are named, and what keyBytes is: mapping_templates/next_number_request.yaml.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

PERIOD = 100_000_000  # ms
NAME = re.compile(r"(\d+):.*")
NUMBER_BYTES = 21  # what keyBytes has for a key besides the attribute's name
MOST = 100  # attributes of one update: its condition may have 4 KB


def find_expired(attributes: Iterable[str], now: int) -> list[Sequence[str]]:
    """The attributes of keys that nobody asks for any more, in portions for one update each. now: epoch ms.

    A key is asked for in its own period and the next. Whoever is a little behind with the time may then find none of
    the last period but one, which has had its 24 hours.
    """
    first = now // PERIOD - 1
    expired = sorted(name for name in attributes if (found := NAME.fullmatch(name)) and int(found[1]) < first)
    return [expired[place : place + MOST] for place in range(0, len(expired), MOST)]


def forget_update(names: Sequence[str]) -> dict[str, Any]:
    """Remove keys, all or none: another sweeper may have removed some, and keyBytes must not go down for them twice."""
    words = [f"#k{place}" for place in range(len(names))]
    return {
        "UpdateExpression": f"SET #keyBytes = #keyBytes - :gone REMOVE {', '.join(words)}",
        "ConditionExpression": " AND ".join(f"attribute_exists({word})" for word in words),
        "ExpressionAttributeNames": {"#keyBytes": "keyBytes", **dict(zip(words, names, strict=True))},
        "ExpressionAttributeValues": {":gone": {"N": str(sum(len(name) + NUMBER_BYTES for name in names))}},
    }
