"""Request validation: required parameters, then the body against its model.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import jsonschema
from jsonschema.exceptions import SchemaError

from gapless.local.gateway.definition import DefinitionError, follow, is_true, mapping, refuse_unknown
from gapless.local.gateway.exchange import Exchange
from gapless.local.gateway.refusal import Refusal
from gapless.local.gateway.strict_json import NotJson, read_json
from gapless.local.template import Node

LOCATIONS = ("header", "path", "query")  # in the order in which a refusal names them

MOST_ERRORS = 10  # of one body, that a gateway response can show
BODY_WITHOUT_LOCAL_EFFECT = {"description": "a text", "required": "API Gateway leaves it to the model"}


@dataclass(frozen=True)
class Validator:
    """What one method requires.

    required: (location, name); models: content type -> compiled JSON Schema draft 4, which is what API Gateway uses.
    """

    required: tuple[tuple[str, str], ...]
    models: dict[str, jsonschema.Draft4Validator]

    def check(self, exchange: Exchange, content_type: str) -> None:
        """Let the request pass or raise Refusal.

        A body whose content type has no model is not checked. Where there is a model an empty body is refused: it is
        not JSON. (AWS shows an empty body to mapping templates as `{}`, and does not say what its validator sees.)
        """
        missing = [name for location, name in self.required if not _given(exchange, location, name)]
        if missing:
            message = f"Missing required request parameters: [{', '.join(missing)}]"
            raise Refusal("BAD_REQUEST_PARAMETERS", message, detail=message)
        model = self.models.get(content_type) or self.models.get("$default")
        if model is None:
            return
        try:
            document = read_json(exchange.body or "")
            errors = list(islice(model.iter_errors(document), MOST_ERRORS))
        except (NotJson, RecursionError) as error:  # a model that refers to itself follows a body as deep as it goes
            raise Refusal("BAD_REQUEST_BODY", detail=f"[{error}]") from error
        if errors:
            said = (f"{error.json_path}: {error.validator} {error.validator_value!r}" for error in errors)
            raise Refusal("BAD_REQUEST_BODY", detail=f"[{', '.join(said)}]")


def _given(exchange: Exchange, location: str, name: str) -> bool:
    # A blank value counts as missing.
    if location == "header":
        return bool(exchange.header(name))
    return bool((exchange.path if location == "path" else exchange.query).get(name))


def read_validator(document: Node, operation: Node, shared: Sequence[Node], place: str) -> Validator:
    """The validator of an operation.

    shared: the `parameters` of its path. Raises DefinitionError for a validator that is not declared, a location that
    API Gateway does not have, or a model that is not a JSON Schema of draft 4.
    """
    parameters = [*shared, *(operation.get("parameters") or [])]
    required = _required(document, parameters, f"{place}.parameters")
    name = operation.get("x-amazon-apigateway-request-validator", document.get("x-amazon-apigateway-request-validator"))
    if name is None:
        return Validator((), {})
    declared = mapping(document.get("x-amazon-apigateway-request-validators"), "x-amazon-apigateway-request-validators")
    if name not in declared:
        raise DefinitionError(f"{place}: x-amazon-apigateway-request-validators has no {name}")
    wanted = mapping(declared[name], f"x-amazon-apigateway-request-validators.{name}")
    return Validator(
        required if is_true(wanted.get("validateRequestParameters")) else (),
        _models(document, operation, place) if is_true(wanted.get("validateRequestBody")) else {},
    )


def _required(document: Node, parameters: Sequence[Node], place: str) -> tuple[tuple[str, str], ...]:
    """Location and name of each required parameter, in the order in which a refusal names them."""
    found = []
    for index, reference in enumerate(parameters):
        here = f"{place}[{index}]"
        parameter = mapping(follow(document, reference, here), here)
        location, name = parameter.get("in"), parameter.get("name")
        if location not in LOCATIONS or not isinstance(name, str):
            raise DefinitionError(f"{here}: a parameter needs a name, and an `in` of {', '.join(LOCATIONS)}")
        if is_true(parameter.get("required")):
            found.append((str(location), name))
    return tuple(sorted(found, key=lambda one: LOCATIONS.index(one[0])))


def _models(document: Node, operation: Node, place: str) -> dict[str, jsonschema.Draft4Validator]:
    """The model of each content type of the request body."""
    here = f"{place}.requestBody"
    body = mapping(follow(document, operation.get("requestBody"), here), here)
    content = refuse_unknown(body, ("content",), BODY_WITHOUT_LOCAL_EFFECT, here).get("content")
    return {
        content_type.lower(): _model(document, media["schema"], f"{here}.content.{content_type}.schema")
        for content_type, media in mapping(content, f"{here}.content").items()
        if "schema" in mapping(media, f"{here}.content.{content_type}")
    }


def _model(document: Node, schema: Node, place: str) -> jsonschema.Draft4Validator:
    """Compile a schema with the document's components in its reach."""
    _check_references(document, schema, place, set())
    # The components stand beside the schema, so that `#/components/schemas/X` is found from its root.
    components = mapping(document.get("components"), "components")
    rooted = {"allOf": [schema], "components": components}
    try:
        for one in (rooted, *mapping(components.get("schemas"), "components.schemas").values()):
            jsonschema.Draft4Validator.check_schema(one)
    except SchemaError as error:
        raise DefinitionError(f"{place}: it is not a JSON Schema of draft 4: {error.message}") from error
    return jsonschema.Draft4Validator(rooted)


def _check_references(document: Node, schema: Node, place: str, seen: set[str]) -> None:
    """Raise DefinitionError for a `$ref` that leads nowhere, or out of the components; seen: those followed already."""
    if isinstance(schema, list):
        for one in schema:
            _check_references(document, one, place, seen)
    if not isinstance(schema, dict):
        return
    target = follow(document, schema, place)
    if target is schema:
        for one in schema.values():
            _check_references(document, one, place, seen)
    elif schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        if not schema["$ref"].startswith("#/components/"):
            raise DefinitionError(f"{place}: a model is referred to as #/components/schemas/NAME, not {schema['$ref']}")
        _check_references(document, target, place, seen)
