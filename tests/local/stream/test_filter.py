"""The pattern language of FilterCriteria, rule by rule."""

import json
from typing import Any

import pytest

from gapless.local.stream.filter import InvalidPattern, compile_filters

RECORD: dict[str, Any] = {
    "eventName": "INSERT",
    "eventVersion": "1.1",
    "userIdentity": None,
    "dynamodb": {
        "ApproximateCreationDateTime": 1_800_000_000,
        "SizeBytes": 300,
        "Keys": {"requestId": {"S": "eu-1"}},
        "NewImage": {
            "requestId": {"S": "eu-1"},
            "status": {"S": "PENDING"},
            "number": {"N": "5"},
            "flag": {"BOOL": True},
            "empty": {"S": ""},
            "tags": {"SS": ["red", "green"]},
            "list": {"L": [{"S": "a"}, {"N": "7"}]},
        },
    },
}


def image(pattern: object) -> dict[str, object]:
    """A pattern over NewImage."""
    return {"dynamodb": {"NewImage": pattern}}


MATCHING = [
    {"eventName": ["INSERT"]},
    {"eventName": ["MODIFY", "INSERT"]},
    {"eventName": [{"prefix": "INS"}]},
    {"eventName": [{"suffix": "ERT"}]},
    {"eventName": [{"equals-ignore-case": "insert"}]},
    {"eventName": [{"anything-but": "REMOVE"}]},
    {"eventName": [{"anything-but": ["REMOVE", "MODIFY"]}]},
    {"eventName": [{"anything-but": {"prefix": "RE"}}]},
    {"eventName": [{"anything-but": {"suffix": ["VE", "FY"]}}]},
    {"eventName": [{"anything-but": {"equals-ignore-case": "remove"}}]},
    {"eventName": [{"exists": True}]},
    {"userIdentity": [None]},
    {"nothing": [{"exists": False}]},
    {"dynamodb": {"OldImage": {"status": {"S": [{"exists": False}]}}}},
    {"dynamodb": {"NewImage": [{"exists": False}]}},  # an object is no leaf
    {"dynamodb": {"SizeBytes": [300]}},
    {"dynamodb": {"SizeBytes": [{"numeric": ["=", 300.0]}]}},
    {"dynamodb": {"SizeBytes": [{"numeric": [">", 0, "<=", 300]}]}},
    {"dynamodb": {"SizeBytes": [{"anything-but": 301}]}},
    image({"status": {"S": ["PENDING"]}, "flag": {"BOOL": [True]}}),
    image({"number": {"N": ["5"]}}),
    image({"empty": {"S": [""]}}),
    image({"tags": {"SS": ["green"]}}),
    image({"tags": {"SS": [{"anything-but": "red"}]}}),  # some element is not red
    image({"list": {"L": {"N": ["7"]}}}),
    {"$or": [{"eventName": ["REMOVE"]}, image({"status": {"S": ["PENDING"]}})]},
    {"eventName": ["REMOVE", {"exists": True}]},
    image({"x": {"S": ["DONE", {"exists": False}]}}),
]

DIFFERING = [
    {"eventName": ["insert"]},
    {"eventName": ["INSERT"], "eventVersion": ["1.0"]},
    {"eventName": [{"prefix": "ins"}]},
    {"eventName": [{"anything-but": ["INSERT"]}]},
    {"eventName": [{"anything-but": {"prefix": ["RE", "IN"]}}]},
    {"eventName": [{"exists": False}]},
    {"eventName": {"S": ["INSERT"]}},
    {"userIdentity": ["null"]},
    {"nothing": [{"anything-but": "x"}]},  # a missing field matches nothing but exists: false
    {"nothing": [None]},
    {"dynamodb": {"NewImage": [{"exists": True}]}},
    {"dynamodb": {"SizeBytes": ["300"]}},
    {"dynamodb": {"SizeBytes": [300.0]}},
    {"dynamodb": {"SizeBytes": [{"numeric": ["<", 300]}]}},
    {"dynamodb": {"SizeBytes": [{"numeric": [">", 0, "<", 300]}]}},
    image({"number": {"N": [{"numeric": ["=", 5]}]}}),  # DynamoDB's numbers are strings
    image({"flag": {"BOOL": ["true"]}}),
    image({"flag": {"BOOL": [1]}}),
    image({"empty": {"S": [None]}}),
    image({"tags": {"SS": ["blue"]}}),
    {"$or": [{"eventName": ["REMOVE"]}, {"eventName": ["MODIFY"]}]},
]


@pytest.mark.parametrize("pattern", MATCHING, ids=json.dumps)
def test_pattern_matches(pattern: object) -> None:
    assert compile_filters([json.dumps(pattern)])(RECORD)


@pytest.mark.parametrize("pattern", DIFFERING, ids=json.dumps)
def test_pattern_does_not_match(pattern: object) -> None:
    assert not compile_filters([json.dumps(pattern)])(RECORD)


def test_any_of_several_filters_is_enough_and_none_at_all_passes_everything() -> None:
    removed, inserted = '{"eventName": ["REMOVE"]}', '{"eventName": ["INSERT"]}'
    assert compile_filters([removed, inserted])(RECORD)
    assert not compile_filters([removed, removed])(RECORD)
    assert compile_filters([])(RECORD)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", r"\$ must be an object with at least one field"),
        ("{}", r"\$ must be an object"),
        ('{"eventName": "INSERT"}', r"\$.eventName must be an object, or a list"),
        ('{"eventName": []}', r"\$.eventName must be"),
        ('{"eventName": [["INSERT"]]}', "cannot be a list"),
        ('{"dynamodb": {"a": [{"wildcard": "x*"}]}}', r"\$.dynamodb.a: .*wildcard.* is not a rule"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "exactly one operator"),
        ('{"a": [{"prefix": 5}]}', "prefix takes a string"),
        ('{"a": [{"exists": "yes"}]}', "is not a rule"),
        ('{"a": [{"numeric": [">"]}]}', "one or two comparisons"),
        ('{"a": [{"numeric": ["!=", 5]}]}', "'!=' 5 is no comparison"),
        ('{"a": [{"numeric": [">", "5"]}]}', "is no comparison"),
        ('{"a": [{"anything-but": []}]}', "anything-but does not take"),
        ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "anything-but does not take"),
        ('{"$or": [{"a": ["b"]}]}', r"\$.\$or must be a list of at least two"),
        (json.dumps({"a": ["x" * 4096]}), "Lambda allows 4096"),
    ],
)
def test_an_invalid_pattern_is_refused_by_name(pattern: str, complaint: str) -> None:
    with pytest.raises(InvalidPattern, match=complaint) as refusal:
        compile_filters([pattern])
    assert repr(pattern) in str(refusal.value)


def test_more_filters_than_lambda_takes_are_refused() -> None:
    with pytest.raises(InvalidPattern, match="11 filters"):
        compile_filters(['{"eventName": ["INSERT"]}'] * 11)
