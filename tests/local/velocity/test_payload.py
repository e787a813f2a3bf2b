"""Bodies as json-smart, the parser behind $input.path and $input.json, reads and writes them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapless.local.velocity import PayloadError
from tests.local.velocity.rendering import render

# the body, what $input.path('$') prints, what $input.json('$') gives
READABLE = [
    ('{"a": 1}', "{a=1}", '{"a":1}'),
    ("a b", "a b", '"a b"'),
    ("  a  ", "a", '"a"'),
    ("a=b&c=d", "a=b&c=d", '"a=b&c=d"'),
    ("<xml>Hello</xml>", "<xml>Hello</xml>", '"<xml>Hello</xml>"'),
    ("true", "true", "true"),
    ("1", "1", "1"),
    ("1.50", "1.5", "1.5"),
    ("-5", "-5", "-5"),
    ("01", "1", "1"),
    ("1e5", "100000.0", "100000.0"),
    (
        "12345678901234567890123456789012345678",
        "12345678901234567890123456789012345678",
        "12345678901234567890123456789012345678",
    ),
    ("123456789012.123456789012345", "123456789012.123456789012345", "123456789012.123456789012345"),
    ("0.12345678901234567890123", "0.12345678901234567890123", "0.12345678901234567890123"),
    ("1e400", "Infinity", "null"),
    ("true{", "true{", '"true{"'),
    ("null{", "null{", '"null{"'),
    ("a[", "a[", '"a["'),
    ('"text"', "text", '"text"'),
    ("'single'", "single", '"single"'),
    ('"a" and more', "a", '"a"'),
    ('{"a": 1} and more', "{a=1}", '{"a":1}'),
    ("[1, 2] 3", "[1,2]", "[1,2]"),
    ("{a: b, c: d e}", "{a=b, c=d e}", '{"a":"b","c":"d e"}'),
    ("{'a': 'b'}", "{a=b}", '{"a":"b"}'),
    ('{"a": 1,}', "{a=1}", '{"a":1}'),
    ("[1, 2,]", "[1,2]", "[1,2]"),
    ("[1,, 2]", "[1,2]", "[1,2]"),
    ("[a, b c]", '["a","b c"]', '["a","b c"]'),
    ('{"a": undefined}', "{a=undefined}", '{"a":"undefined"}'),
    ('{"a": 01}', "{a=1}", '{"a":1}'),
    ('{"a": +1}', "{a=+1}", '{"a":"+1"}'),
    ('{"a": 1.}', "{a=1.0}", '{"a":1.0}'),
    ('{"a": .5}', "{a=.5}", '{"a":".5"}'),
    ('{"a": NaN}', "{a=NaN}", '{"a":NaN}'),
    ('{"a": 1, "a": 2}', "{a=2}", '{"a":2}'),
    ('{"a": "line\nbreak"}', "{a=line\nbreak}", '{"a":"line\\nbreak"}'),
    ('{"a": "\\u00e9\\/\\t"}', "{a=é/\t}", '{"a":"é/\\t"}'),
    ('{"a": "\\x41"}', "{a=A}", '{"a":"A"}'),
    ('{"a": 1x}', "{a=1x}", '{"a":"1x"}'),
    ('{"a": "x/y", "b": ["x/y", "\u2028"]}', '{a=x/y, b=["x\\/y","\\u2028"]}', '{"a":"x/y","b":["x/y","\\u2028"]}'),
    (
        '{"n": [1.0, 1e5, 1.10, 1E+2, 1e-10, -0]}',
        "{n=[1.0,100000.0,1.1,100.0,1.0E-10,0]}",
        '{"n":[1.0,100000.0,1.1,100.0,1.0E-10,0]}',
    ),
    ('\n{"a":\n1}\n', "{a=1}", '{"a":1}'),
    ("[]", "[]", "[]"),
    ("{}", "{}", "{}"),
    ('{"": 1}', "{=1}", '{"":1}'),
    ('"\\ud83d\\ude00"', "😀", '"😀"'),
]

BROKEN = [
    "{a",
    "[a",
    '{"a"',
    '{"a": 1',
    '{"a"}',
    '{"a":}',
    "{:1}",
    "[1}",
    '{"a": [}',
    '"open',
    '{"a": "b" c}',
    '{"a": "\\u12"}',
    '{"a" "b"}',
    "}",
    "]",
    ":",
    "[[1], [2]",
]


@pytest.mark.parametrize(("body", "printed", "as_json"), READABLE)
def test_a_body_is_read_leniently(body: str, printed: str, as_json: str) -> None:
    assert render("$input.path('$')", body=body) == printed
    assert render("$input.json('$')", body=body) == as_json


@pytest.mark.parametrize("body", BROKEN)
def test_a_broken_object_array_or_string_is_refused_once_it_is_asked_for(body: str) -> None:
    assert render("$input.body", body=body) == body
    for template in ("$input.path('$')", "$input.json('$.a')"):
        with pytest.raises(PayloadError, match=r"Could not process payload: .*position"):
            render(template, body=body)


@pytest.mark.parametrize("body", [None, ""])
def test_no_body_reads_as_an_empty_object(body: str | None) -> None:
    assert render("$input.body $input.path('$') $input.json('$') [$input.path('$.a')]", body=body) == "{} {} {} []"


def test_a_body_nested_too_deeply_is_refused() -> None:
    with pytest.raises(PayloadError, match="nests too deeply"):
        render("$input.json('$')", body="[" * 100_000)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_input_json_gives_back_any_object(value: dict[str, Any]) -> None:
    assert json.loads(render("$input.json('$')", body=json.dumps(value))) == value


@given(st.integers(min_value=-(10**60), max_value=10**60))
def test_whole_numbers_keep_every_digit(number: int) -> None:
    body = json.dumps({"n": number})
    assert render("$input.path('$.n') $input.json('$.n') $input.json('$')", body=body) == (
        f'{number} {number} {{"n":{number}}}'
    )
