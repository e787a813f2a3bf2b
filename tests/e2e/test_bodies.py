"""Promise 7: the stored body equals the body sent, byte for byte, whatever it holds."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.http import Http

BODIES = 1000
# What has broken such templates before: quotes, both slashes, VTL, JSON and DynamoDB syntax, controls, all planes.
PIECES = [
    *("'", '"', "\\", "/", "\\'", '\\"', "\\\\", "</script>", "$input.body", "$util", "${x}", "$!{x}", "#set($x = 1)"),
    *("#if(true)", "#end", "##", "#*", "*#", "#[[", "]]#", '"}}, "x": {"S": "', ":request", "{{", "}}", "null", " "),
    *(
        "\u2028",
        "\u2029",
        "\x7f",
        "\u0085",
        "\ufeff",
        "\u200b",
        "é",
        "Ω",
        "名",
        "🧾",
        "👩‍👩‍👧",
        "\U0010ffff",
        "\n",
        "\x00",
    ),
]


def make_text(rng: random.Random) -> str:
    return "".join(rng.choice([*PIECES, chr(rng.randrange(32, 0x250))]) for _ in range(rng.randrange(12)))


def make_value(rng: random.Random, depth: int = 0) -> object:
    if depth < 4 and rng.random() < 0.3:
        children = range(rng.randrange(4))
        if rng.random() < 0.5:
            return [make_value(rng, depth + 1) for _ in children]
        return {make_text(rng): make_value(rng, depth + 1) for _ in children}
    return rng.choice(
        [make_text(rng), rng.randrange(-(10**40), 10**40), rng.random() * 10 ** rng.randrange(-9, 9), True, None]
    )


def make_body(rng: random.Random) -> bytes:
    """A JSON object in one of the many ways to write it."""
    members = {f"{number}{make_text(rng)}": make_value(rng) for number in range(rng.randrange(1, 6))}
    text = json.dumps(members, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 1, "\t"]))
    if rng.random() < 0.3:
        text = text.replace("/", "\\/")
    padding = rng.choice(["", " ", "\r\n", "\t "])
    return (padding + text + padding).encode()


def test_a_thousand_hostile_bodies_come_back_as_they_were_sent(http: Http, seeded: random.Random) -> None:
    bodies = [make_body(seeded) for _ in range(BODIES)]

    def round_trip(body: bytes) -> bytes:
        answer = http.put(body)
        assert answer.status == 202, (body, answer)
        returned: str = http.finished(answer.document["requestId"])["request"]
        return returned.encode()

    with ThreadPoolExecutor(16) as pool:
        for sent, returned in zip(bodies, pool.map(round_trip, bodies), strict=True):
            assert returned == sent
