"""Who may call: a signature, an API key, or nothing.

Locally nobody holds AWS's secrets, so of a signature only its presence and its form are checked.
"""

import base64
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from gapless.local.gateway.definition import DefinitionError, mapping
from gapless.local.gateway.exchange import Exchange
from gapless.local.gateway.refusal import Refusal
from gapless.local.template import Node

SIGNATURE_PARTS = ("Credential", "Signature", "SignedHeaders")


@dataclass(frozen=True)
class Security:
    """What a method asks of its callers."""

    signature: bool = False
    api_key: bool = False


def read_security(requirements: Node, schemes: Node, place: str) -> Security:
    """The security of an operation.

    requirements: its `security`, a list of scheme names; all that are named apply. schemes: `securitySchemes`.
    Raises DefinitionError for a scheme that is not declared, or is neither awsSigv4 nor an API key.
    """
    if not isinstance(requirements, list):
        raise DefinitionError(f"{place}: security is a list, not {requirements!r}")
    asked = {name for requirement in requirements for name in mapping(requirement, place)}
    kinds = {_kind(name, schemes, place) for name in asked}
    return Security(signature="signature" in kinds, api_key="api_key" in kinds)


def _kind(name: str, schemes: Node, place: str) -> str:
    """Whether a security scheme asks for a signature or for an API key."""
    scheme = mapping(schemes, place).get(name)
    if scheme is None:
        raise DefinitionError(f"{place}: components.securitySchemes has no {name}")
    if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            return "signature"
        if str(scheme.get("name")).lower() == "x-api-key" and "x-amazon-apigateway-authorizer" not in scheme:
            return "api_key"
    raise DefinitionError(f"{place}: {name} is not supported on the local stack; supported: awsSigv4, x-api-key")


def check_credentials(security: Security, exchange: Exchange, api_keys: Collection[str]) -> None:
    """Let the caller pass or raise Refusal; api_keys: the keys that are valid."""
    if security.signature:
        _check_signature(exchange)
    if security.api_key:
        key = exchange.header("x-api-key")
        if key not in api_keys:
            raise Refusal("INVALID_API_KEY")
        exchange.context["identity"]["apiKey"] = key


def _check_signature(exchange: Exchange) -> None:
    """Refuse a caller who did not sign, or whose Authorization header lacks a part of a signature."""
    authorization = exchange.header("authorization")
    if authorization is None:
        if "X-Amz-Signature" in exchange.query:  # a presigned URL
            return
        raise Refusal("MISSING_AUTHENTICATION_TOKEN")
    parts = set(re.findall(r"(\w+)=[^,\s]+", authorization))
    missing = [f"Authorization header requires '{part}' parameter." for part in SIGNATURE_PARTS if part not in parts]
    if exchange.header("x-amz-date") is None and exchange.header("date") is None:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing or not authorization.startswith("AWS4-"):
        digest = base64.b64encode(hashlib.sha256(authorization.encode("utf-8", "replace")).digest()).decode()
        message = " ".join([*missing, f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"])
        raise Refusal("INVALID_SIGNATURE", message, error_type="IncompleteSignatureException")
