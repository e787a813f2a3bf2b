"""$input, $util, $context and $stageVariables."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapless.local.velocity import Call, Template, VelocityError
from tests.local.velocity.rendering import render

BODY = json.dumps({"name": "Bella", "n": 5, "tags": ["a", "b/c"], "deep": {"list": [{"k": "v"}]}, "none": None})
PARAMETERS: dict[str, dict[str, str]] = {
    "path": {"id": "p"},
    "query": {"id": "q", "page": "2"},
    "headers": {"id": "h", "Accept": "x"},
}

CASES = [
    ("the raw body", "$input.body", BODY),
    ("the body has no properties", "[$input.body.name][$input.body.length()]", f"[][{len(BODY)}]"),
    ("a value", "$input.path('$.name')", "Bella"),
    ("a value's methods", "$input.path('$.name').substring(0, 2) $input.path('$.tags').size()", "Be 2"),
    ("properties of a value", "$input.path('$').deep.list[0].k $input.path('$.deep').list.get(0).get('k')", "v v"),
    ("a map prints as Java's", "$input.path('$.deep')", '{list=[{"k":"v"}]}'),
    ("a list prints as JSON, its slashes escaped", "$input.path('$.tags')", r'["a","b\/c"]'),
    ("$input.json is JSON, its slashes not", "$input.json('$.tags')", '["a","b/c"]'),
    ("a text as JSON", "$input.json('$.name') $input.json('$.n')", '"Bella" 5'),
    ("what is missing", "[$input.path('$.x')][$input.path('$.none')]", "[][]"),
    ("what is missing as JSON", "$input.json('$.x') $input.json('$.none') $input.json('$..x')", '"" null []'),
    ("the portable test for missing", "#if(\"$!input.path('$.x.S')\" == '')missing#end", "missing"),
    ("a path made of parts", "#set($k = 'name')$input.path(\"$.$k\")", "Bella"),
    ("put changes the body's value", "#set($r = $input.path('$.deep'))#set($r.x = 1)$input.json('$.deep.x')", "1"),
    ("and add its list", "#set($i = $input.path('$.tags').add('c'))$input.json('$.tags')", '["a","b/c","c"]'),
    ("the path comes first", "$input.params('id')", "p"),
    ("the query string before the headers", "$input.params('page') $input.params('Accept')", "2 x"),
    ("a parameter there is not", "[$input.params('nope')]#if($input.params('nope') == '')empty#end", "[]empty"),
    ("all parameters", "$input.params()", "{path={id=p}, querystring={id=q, page=2}, header={id=h, Accept=x}}"),
    ("one kind of them", "$input.params().querystring.page $input.params().get('header').get('id')", "2 h"),
    (
        "$input and $util print nothing",
        "[$input][$util][$input.json][$util.urlEncode][$input.params.keySet]",
        "[][][][][]",
    ),
    ("escapeJavaScript", r"""$util.escapeJavaScript("a'b""c\d/e")""", r"a\'b\"c\\d\/e"),
    ("escapeJavaScript beyond ASCII", "$util.escapeJavaScript('é日😀')", r"\u00E9\u65E5\uD83D\uDE00"),
    ("escapeJavaScript of control characters", "$util.escapeJavaScript('\n\t\x01\x0b')", r"\n\t\u0001\u000B"),
    ("escapeJavaScript of nothing", "[$util.escapeJavaScript($nope)]", "[]"),
    ("urlEncode", "$util.urlEncode('a b&é/~*-._')", "a+b%26%C3%A9%2F%7E*-._"),
    ("urlDecode", "$util.urlDecode('a+b%26%C3%A9')", "a b&é"),
    ("base64", "$util.base64Encode('é?') $util.base64Decode('w6k/')", "w6k/ é?"),
    ("parseJson", """$util.parseJson('{"a": [1, {"b": 2}]}').a[1].b""", "2"),
    ("stage variables", "$stageVariables.one ${stageVariables['one']} $stageVariables.get('one')", "v v v"),
    (
        "the context",
        "$context.requestId $context.identity.sourceIp [$context.identity.user][$context.nope.x]",
        "r 1.2.3.4 [][]",
    ),
    ("keys of nothing", "#foreach($k in $context.authorizer.keySet())x#end", ""),
]


@pytest.mark.parametrize(("rule", "template", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_variable(rule: str, template: str, expected: str) -> None:
    context: dict[str, Any] = {"requestId": "r", "identity": {"sourceIp": "1.2.3.4", "user": None}}
    got = render(template, body=BODY, stage_variables={"one": "v"}, context=context, **PARAMETERS)
    assert got == expected, rule


def test_overrides_are_left_in_the_context_and_seen_by_the_response_template() -> None:
    context: dict[str, Any] = {"requestId": "r"}
    render(
        '#set($context.responseOverride.status = 404)#set($context.responseOverride.header.X-A = "b")', context=context
    )
    render('#set($context.requestOverride.header["h"] = "1")', context=context)
    assert context["responseOverride"] == {"header": {"X-A": "b"}, "status": 404}
    assert context["requestOverride"]["header"] == {"h": "1"}
    seen = render("$context.responseOverride.status $context.responseOverride.header.X-A", context=context)
    assert seen == "404 b"


@pytest.mark.parametrize(
    "assignment",
    [
        "#set($context.responseOverride.status = 400)",
        '#set($context.responseOverride.header.h = "v")',
        '#set($context.requestOverride.querystring["q"] = "v")',
        '#set($ignored = $context.requestOverride.path.put("p", "v"))',
        '#set($ignored = $context.requestOverride.path.putAll({"p": "v"}))',
    ],
)
def test_an_override_may_be_set_once_in_both_templates_together(assignment: str) -> None:
    context: dict[str, Any] = {}
    render(assignment, context=context)
    with pytest.raises(VelocityError, match=r"template:1:\d+: .*set a second time"):
        render(assignment, context=context)


def test_renderings_do_not_share_variables_or_bodies() -> None:
    template = Template.parse("[$x]#set($x = $input.path('$.a'))[$x]")
    assert template.render(Call(body='{"a": 1}')) == "[][1]"
    assert template.render(Call(body='{"a": 2}')) == "[][2]"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("$util.urlDecode('%zz')", "incomplete % escape"),
        ("$util.base64Decode('a')", "not base64"),
        ("$util.parseJson('{a')", "Could not process payload"),
    ],
)
def test_a_function_that_throws_says_why(template: str, problem: str) -> None:
    with pytest.raises(VelocityError, match=f"template:1:6: .*{problem}"):
        render(template)


@given(st.text())
def test_escaped_text_with_its_apostrophes_put_back_is_json(text: str) -> None:
    template = r"""{"s": "$util.escapeJavaScript($input.body).replaceAll("\\'", "'")"}"""
    assert json.loads(render(template, body=f"x{text}"))["s"] == f"x{text}"


@given(st.text())
def test_base64_and_url_encoding_come_back(text: str) -> None:
    template = "$util.base64Decode($util.base64Encode($input.body))|$util.urlDecode($util.urlEncode($input.body))"
    assert render(template, body=f"x{text}") == f"x{text}|x{text}"
