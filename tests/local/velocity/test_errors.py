"""What a template that cannot be parsed or rendered says: where, what, and what to do."""

import contextlib
import json

import pytest

from gapless.local.velocity import Call, Template, VelocityError
from tests.local.velocity.rendering import render

SYNTAX = [
    ("#if(true)a", "1:1", "#if has no #end"),
    ("a\n  #foreach($i in $l)\nb", "2:3", "#foreach has no #end"),
    ("a#end", "1:2", "#end without the directive it belongs to"),
    ("#else", "1:1", "#else without the directive it belongs to"),
    ("#if(true)#else#else#end", "1:1", "#if meets a further #else at line 1"),
    ("#foreach($i in $l)#else#end", "1:1", "#foreach meets #else before its #end"),
    ("#if true", "1:1", "#if needs its arguments in parentheses"),
    ("#set($x 1)", "1:9", "expected '=' after the reference"),
    ("#set(x = 1)", "1:6", "expected a reference such as $name"),
    ("#set($x = )", "1:11", "expected a value, found ')'"),
    ("#set($x = 1", "1:12", r"expected ')' to close #set(, found the end of the template"),
    ("#set($x = 5 -1)", "1:13", "write a blank after the minus"),
    ("#set($a = 1)#set($x = $a-$a)", "1:26", "expected ')' to close #set("),
    ("#set($x = -$y)", "1:11", "use 0 - $x"),
    ("#set($x = [1,])", "1:14", "expected a value"),
    ('#set($x = {"a" 1})', "1:16", "between a map's key and value"),
    ("#set($x = [1 2])", "1:14", "items are separated by commas"),
    ("#set($x = (1)", "1:14", "expected ')' to close #set("),
    ('#set($s = "say \\"hi\\"")', "1:18", "expected ')' to close #set("),
    (r'#set($s = "\uZZZZ")', "1:11", "needs four hexadecimal digits"),
    ("${x", "1:4", "to close ${x"),
    ("$x.y(1 + 2)", "1:8", "arguments hold no operators"),
    ("$x.y(", "1:6", "expected a value, found the end of the template"),
    ("$x[0", "1:5", "expected ']' to close the index"),
    ("$x[1.5]", "1:3", "an index is a string, a whole number"),
    ("$true", "1:1", "true is a word of the language"),
    ("#foreach($i of)", "1:15", "expected a value"),
    ("#foreach(1 in $l)#end", "1:1", "names a variable such as $item"),
    ("#foreach($i.x in $l)#end", "1:1", "names a variable such as $item"),
    ("#macro()x#end", "1:8", "expected the macro's name"),
    ("#define x#end", "1:1", "#define needs its arguments in parentheses"),
    ("#evaluate()", "1:1", "#evaluate takes one argument, not 0"),
    ('#include("x")', "1:1", "API Gateway has no other templates"),
    ('#parse("x")', "1:1", "API Gateway has no other templates"),
    ("#[[ open", "1:1", "#[[ without its ]]#"),
    ('a\n#set($s = "b $x.y( + c")', "2:20", "expected a value"),
]


@pytest.mark.parametrize(("template", "place", "what"), SYNTAX, ids=[case[0] for case in SYNTAX])
def test_a_syntax_error_names_its_place_and_the_way_out(template: str, place: str, what: str) -> None:
    with pytest.raises(VelocityError) as caught:
        Template.parse(template, "orders.vtl")
    assert str(caught.value).startswith(f"orders.vtl:{place}: ")
    assert what in str(caught.value)


THROWING = [
    ('#set($s = "abc")\n $s.substring(9)', "2:4", "StringIndexOutOfBoundsException"),
    ('#set($s = "abc")$s.charAt(3)', "1:19", "StringIndexOutOfBoundsException"),
    ("#set($l = [1])$l.get(5)", "1:17", "Index 5 out of bounds for length 1"),
    ("#set($l = [1])$l[5]", "1:17", "Index 5 out of bounds for length 1"),
    ("#set($l = [1])#set($l[5] = 1)", "1:22", "Index 5 out of bounds for length 1"),
    ("#set($n = 5)$n[-1]", "1:15", "a negative index counts from the end"),
    ('#set($m = {})$m["#set($x = [1..2000000000])"]', "1:16", "more than 1,000,000 numbers"),
    ('#set($m = {})#set($m["#set($x = [1..2000000000])"] = 1)', "1:21", "more than 1,000,000 numbers"),
    ('#set($n = 5)$n.parseInt("x")', "1:15", "NumberFormatException"),
    ('#set($s = "a")$s.replaceAll("(", "")', "1:17", "PatternSyntaxException"),
    ('#set($s = "a{")$s.replaceAll("{", "")', "1:18", "Illegal repetition"),
    ('#set($s = "a")$s.replaceAll("a", \'$1\')', "1:17", "No group 1"),
    ('#set($s = "a")$s.contains(null)', "1:17", "NullPointerException"),
    ('#set($s = "")$s.format("%d", "x")', "1:16", "IllegalFormatConversionException"),
    ('#set($s = "a")$s.repeat(99999999)', "1:17", "OutOfMemoryError"),
    ("#macro(m)#m()#end#m()", "1:10", "more than 20 macros deep"),
    ("#set($l = [1, 2])#foreach($i in $l)$l.add(3)#end", "1:18", "changed while it was looped over"),
    ('#set($m = {"a": 1, "b": 2})#foreach($k in $m.keySet())$m.remove($k)#end', "1:28", "changed while"),
    ("#set($x = 99999)#foreach($i in [1..40])#set($x = $x * $x)#end", None, "grows beyond 13,000 bits"),
    ("#set($x = [1..2000000000])", None, "more than 1,000,000 numbers"),
]


@pytest.mark.parametrize(("template", "place", "what"), THROWING, ids=[case[0] for case in THROWING])
def test_an_exception_names_its_place(template: str, place: str | None, what: str) -> None:
    parsed = Template.parse(template, "orders.vtl")
    with pytest.raises(VelocityError) as caught:
        parsed.render(Call())
    assert str(caught.value).startswith(f"orders.vtl:{place}: " if place else "orders.vtl: ")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    "template", ["(" * 5_000, "#set($x = " + "(" * 5_000 + "1" + ")" * 5_000 + ")", "#if(true)" * 5_000]
)
def test_deep_nesting_is_an_error_or_text_and_not_a_crash(template: str) -> None:
    with contextlib.suppress(VelocityError):
        assert render(template) == template


def test_a_map_that_holds_itself_is_an_error_or_shown() -> None:
    assert render("#set($m = {})#set($m.m = $m)$m") == "{m=(this Map)}"
    with pytest.raises(VelocityError, match="nests too deeply"):
        render("#set($m = {})#set($n = {'m': $m})#set($m.n = $n)$m")


@pytest.mark.parametrize(
    "template",
    ["$input.path('$[0]').matches('(a|aa)+(a|b|ab)+(a*)*$')", "$input.path('$[?(@ =~ /(a|aa)+(a|b|ab)+(a*)*$/)]')"],
    ids=["matches", "filter"],
)
def test_a_pattern_that_backtracks_without_end_is_stopped(template: str) -> None:
    with pytest.raises(VelocityError, match=r"template:1:\d+: \w+\(\) throws the regular expression .* took longer"):
        render(template, body=json.dumps(["a" * 64 + "!"]))


@pytest.mark.parametrize(
    "template",
    [
        "$input.call",
        "$input.document",
        "$util.escape",
        "$context.items()",
        "$context.copy()",
        "$stageVariables.fromkeys('a')",
        "$input.getClass()",
        "$input.class",
        "#foreach($i in [1])$foreach.items$foreach.stored#end",
    ],
)
def test_python_is_out_of_reach(template: str) -> None:
    assert render(template) == ""
