"""What holds for any text, whatever it is."""

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from gapless.local.velocity import VelocityError
from tests.local.velocity.rendering import render

FRAGMENTS = st.sampled_from(
    [
        "$",
        "#",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\\",
        '"',
        "'",
        "!",
        ".",
        ",",
        "-",
        "5",
        " ",
        "\n",
        "x",
        "$x",
        "$x.y(",
        "#if(",
        "#end",
        "#set($x = ",
        "#foreach($i in ",
        "#else",
        "#macro(m",
        "#m()",
        "#[[",
        "]]#",
        "##",
        "#*",
        "*#",
        "#define($d)",
        "[1..3]",
        "true",
    ]
)


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_anything_renders_or_is_a_velocity_error(template: str) -> None:
    with contextlib.suppress(VelocityError):
        assert isinstance(render(template), str)


@given(st.text(alphabet=st.characters(exclude_characters="$#\\", exclude_categories=["Cs"])))
def test_text_without_velocity_in_it_comes_out_as_it_is(text: str) -> None:
    assert render(text) == text
    assert render(f"#[[{text}]]#") == text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_positions_are_those_of_utf_16(text: str, data: st.DataObject) -> None:
    units = text.encode("utf-16-le")
    length = len(units) // 2
    begin = data.draw(st.integers(0, length))
    end = data.draw(st.integers(begin, length))
    variables = {"s": text, "t": units[2 * begin : 2 * end].decode("utf-16-le", "replace")}
    cut = f"#set($s = $stageVariables.s)$s.substring({begin}, {end})"
    assert render(
        f"#set($s = $stageVariables.s)$s.length() $s.substring({begin}, {end}).length()", stage_variables=variables
    ) == (f"{length} {end - begin}")
    if "\ufffd" not in variables["t"]:  # no pair was cut in two
        assert render(cut, stage_variables=variables) == variables["t"]
    joined = f"#set($s = $stageVariables.s)$s.substring(0, {begin})$s.substring({begin})"
    assert render(joined, stage_variables=variables) == text


@given(st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6))
def test_division_is_javas(dividend: int, divisor: int) -> None:
    template = "#set($q = $a / $b)#set($r = $a % $b)#set($back = $q * $b + $r)$back $r"
    body = json.dumps({"a": dividend, "b": divisor})
    prepared = "#set($a = $input.path('$.a'))#set($b = $input.path('$.b'))" + template
    got = render(prepared, body=body)
    if divisor == 0:
        assert got == " "
    else:
        back, remainder = map(int, got.split())
        assert back == dividend
        assert abs(remainder) < abs(divisor)
        assert remainder == 0 or (remainder < 0) == (dividend < 0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_print_what_reads_back_the_same(number: float) -> None:
    text = render("#set($d = 1.5)$d.parseDouble($stageVariables.n)", stage_variables={"n": repr(number)})
    assert float(text) == number
    assert "." in text
