"""JSONPath as Jayway reads it, through $input.path and $input.json."""

import json

import pytest

from gapless.local.velocity import VelocityError
from tests.local.velocity.rendering import render

BODY = json.dumps(
    {
        "store": {
            "book": [
                {"category": "reference", "author": "Nigel", "title": "S", "price": 8.95, "tags": ["a", "b"]},
                {"category": "fiction", "author": "Evelyn", "title": "W", "price": 12.99, "isbn": None},
                {"category": "fiction", "author": "Herman", "title": "M", "isbn": "0-553", "price": 8, "n": 0},
                {
                    "category": "fiction",
                    "title": "L",
                    "isbn": "0-395",
                    "price": 22.99,
                    "ok": True,
                    "sub": {"x": [1, 2, {"y": 3}]},
                },
            ],
            "bicycle": {"color": "red", "price": 19.95},
        },
        "limit": 10,
        "a.b": 1,
        "x y": 2,
        "list": [1, 2, 3, 4, 5],
        "nested": [[1, 2], [3, [4, 5]]],
        "empty": [],
        "none": None,
        "text": "hello",
    }
)

# the path, what $input.path prints, what $input.json gives
CASES = [
    ("$.text", "hello", '"hello"'),
    ("text", "hello", '"hello"'),
    ("$['text']", "hello", '"hello"'),
    ('$["text"]', "hello", '"hello"'),
    ("$.store.book[0].title", "S", '"S"'),
    ("$['store']['book'][1]['title']", "W", '"W"'),
    ("$.store.book[-1].title", "L", '"L"'),
    ("$.store.book[9]", "", '""'),
    ("$.missing", "", '""'),
    ("$.missing.deep", "", '""'),
    ("$.none", "", "null"),
    ("$.none.deep", "", '""'),
    ("$.text.deep", "", '""'),
    ("$.list.deep", "", '""'),
    ("$.store[0]", "", '""'),
    ("$['a.b']", "1", "1"),
    ("$['x y']", "2", "2"),
    ("$.store.book[*].author", '["Nigel","Evelyn","Herman"]', '["Nigel","Evelyn","Herman"]'),
    ("$.store.bicycle.*", '["red",19.95]', '["red",19.95]'),
    ("$.list[*]", "[1,2,3,4,5]", "[1,2,3,4,5]"),
    ("$.empty[*]", "[]", "[]"),
    ("$..author", '["Nigel","Evelyn","Herman"]', '["Nigel","Evelyn","Herman"]'),
    ("$..price", "[8.95,12.99,8,22.99,19.95]", "[8.95,12.99,8,22.99,19.95]"),
    ("$..book[0].title", '["S"]', '["S"]'),
    ("$..missing", "[]", "[]"),
    ("$..y", "[3]", "[3]"),
    ("$.nested..[0]", "[[1,2],1,3,4]", "[[1,2],1,3,4]"),
    ("$.list[1:3]", "[2,3]", "[2,3]"),
    ("$.list[:2]", "[1,2]", "[1,2]"),
    ("$.list[-2:]", "[4,5]", "[4,5]"),
    ("$.list[3:1]", "[]", "[]"),
    ("$.list[0,2,9]", "[1,3]", "[1,3]"),
    (
        "$.store['bicycle','book']['color','price']",
        '[{"color":"red","price":19.95}]',
        '[{"color":"red","price":19.95}]',
    ),
    ("$.store.bicycle['color','price']", "{color=red, price=19.95}", '{"color":"red","price":19.95}'),
    ("$.store.book[?(@.isbn)].title", '["W","M","L"]', '["W","M","L"]'),
    ("$.store.book[?(!@.isbn)].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.isbn == null)].title", '["S","W"]', '["S","W"]'),
    ("$.store.book[?(@.price < 10)].title", '["S","M"]', '["S","M"]'),
    ("$.store.book[?(@.price > 10 && @.category == 'fiction')].title", '["W","L"]', '["W","L"]'),
    ('$.store.book[?(@.price < 8.5 || @.title == "L")].title', '["M","L"]', '["M","L"]'),
    ("$.store.book[?(@.price >= 8 && (@.title == 'S' || @.title == 'M'))].title", '["S","M"]', '["S","M"]'),
    ("$.store.book[?(@.category != 'fiction')].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.price > $.limit)].title", '["W","L"]', '["W","L"]'),
    ("$.store.book[?(@.author =~ /.*EL.*/i)].title", '["S","W"]', '["S","W"]'),
    ("$.store.book[?(@.title =~ /S|W/)].title", '["S","W"]', '["S","W"]'),
    ("$.store.book[?(@.title in ['S', 'L'])].title", '["S","L"]', '["S","L"]'),
    ("$.store.book[?(@.title nin ['S', 'L'])].title", '["W","M"]', '["W","M"]'),
    ("$.store.book[?(@.tags contains 'a')].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.tags size 2)].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.tags empty false)].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.tags subsetof ['a', 'b', 'c'])].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.tags anyof ['b', 'z'])].title", '["S"]', '["S"]'),
    ("$.store.book[?(@.sub.x[2].y == 3)].title", '["L"]', '["L"]'),
    ("$.store.book[?(@.price == '8')].title", '["M"]', '["M"]'),
    ("$.store.book[?(@.price === '8')].title", "[]", "[]"),
    ("$.store.book[?(@.title > 'M')].title", '["S","W"]', '["S","W"]'),
    ("$.store.book[?(@.ok == true)].title", '["L"]', '["L"]'),
    ("$.store.book[?(8 == @.price)].title", '["M"]', '["M"]'),
    ("$..book[?(@.price < 10)].title", '["S","M"]', '["S","M"]'),
    ("$.list[?(@ > 3)]", "[4,5]", "[4,5]"),
    ("$.store.bicycle[?(@.color == 'red')].price", "[19.95]", "[19.95]"),
    ("$.list.length()", "5", "5"),
    ("$.store.book.length()", "4", "4"),
    ("$.list.min()", "1.0", "1.0"),
    ("$.list.max()", "5.0", "5.0"),
    ("$.list.sum()", "15.0", "15.0"),
    ("$.list.avg()", "3.0", "3.0"),
    ("$.nested[*].length()", "[2,2]", "[2,2]"),
    ("$..price.max()", "22.99", "22.99"),
    ("$.store.keys()", "[book, bicycle]", '["book","bicycle"]'),
    ("$.text.length()", "", "null"),
]


def quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


@pytest.mark.parametrize(("path", "printed", "as_json"), CASES, ids=[case[0] for case in CASES])
def test_a_path(path: str, printed: str, as_json: str) -> None:
    assert render(f"$input.path({quoted(path)})", body=BODY) == printed
    assert render(f"$input.json({quoted(path)})", body=BODY) == as_json


@pytest.mark.parametrize(
    "path", ["", "$.", "$..", "$.a[", "$.a[b]", "$.a['b]", "$.a[?(@.b ~ 1)]", "$.a[?(@.b == )]", "$.a b"]
)
def test_a_path_that_cannot_be_read_says_where(path: str) -> None:
    with pytest.raises(VelocityError, match=r"template:1:7: path\(\) throws .*JSONPath"):
        render(f"$input.path({quoted(path)})", body=BODY)
