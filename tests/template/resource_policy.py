"""What the API's resource policy says to a call, as IAM evaluates it."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ACCOUNT = {"AWS": "arn:aws:iam::000000000000:root"}


@dataclass(frozen=True)
class Call:
    """One call. of_account: whether it is signed by the API's own account; keys: of IAM's conditions, those it has."""

    of_account: bool
    method: str
    keys: Mapping[str, str]


def decide(policy: Mapping[str, Any], call: Call) -> str | None:
    """Allow, Deny, or None where the policy says nothing, which is no unless the caller's own policies allow it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    effects = {one["Effect"] for one in policy["Statement"] if applies(one, call)}
    return next((effect for effect in ("Deny", "Allow") if effect in effects), None)


def applies(statement: Mapping[str, Any], call: Call) -> bool:
    """Whether a statement is about a call; AssertionError for what nobody expects in it."""
    assert statement["Action"] == "execute-api:Invoke"
    assert statement["Principal"] in ("*", ACCOUNT)
    concerned = statement["Principal"] == "*" or call.of_account
    stage_path = f"execute-api:/v1/{call.method}/requests"
    return (
        concerned
        and fnmatchcase(stage_path, statement["Resource"])
        and all(
            holds(operator, call.keys.get(key), values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def holds(operator: str, value: str | None, expected: list[str]) -> bool:
    """Whether a condition holds; a negated one does for a call that has no such key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    if operator == "StringNotEquals":
        return value not in expected
    assert operator == "NotIpAddress", operator
    if value is None:
        return True
    address = ipaddress.ip_address(value)
    return not any(address in ipaddress.ip_network(network) for network in expected)
