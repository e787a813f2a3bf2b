"""Gateways over small APIs, with an engine that remembers what it was sent."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from gapless.local.engine import Answer
from gapless.local.gateway import Gateway, Request, Response, read_api
from gapless.local.template import load

Json: TypeAlias = Any  # a document of a test, written out beside its use

URI = "arn:aws:apigateway:eu-west-1:dynamodb:action/{}"


@dataclass
class RecordingEngine:
    """Answers each post with the next of `answers`, the last again and again; an exception among them is raised."""

    answers: list[Answer | Exception] = field(default_factory=lambda: [Answer(200, b"{}")])
    posts: list[tuple[str, bytes]] = field(default_factory=list)

    async def post(self, target: str, body: bytes) -> Answer:
        self.posts.append((target, body))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def call(self, target: str, request: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError("the gateway posts what a template rendered, and hands on what comes back")

    @property
    def documents(self) -> list[Json]:
        """The documents it was sent."""
        return [json.loads(body) for _, body in self.posts]


def dynamodb(template: str | None = "{}", *, action: str = "PutItem", **more: Json) -> Json:
    """An operation that calls DynamoDB. template: for application/json; more: keys of the integration."""
    integration = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": URI.format(action),
        "credentials": "arn:aws:iam::111122223333:role/api",
        "responses": {"default": {"statusCode": 200}},
        **({} if template is None else {"requestTemplates": {"application/json": template}}),
        **more,
    }
    return {"responses": responses(integration), "x-amazon-apigateway-integration": integration}


def mock(template: str = '{"statusCode": 200}', **more: Json) -> Json:
    """An operation that a mock answers."""
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": template},
        "responses": {"default": {"statusCode": 200}},
        **more,
    }
    return {"responses": responses(integration), "x-amazon-apigateway-integration": integration}


def responses(integration: Json) -> Json:
    """The method responses that an integration's responses need."""
    declared: dict[str, Json] = {}
    for one in integration["responses"].values():
        names = [target.removeprefix("method.response.header.") for target in one.get("responseParameters", {})]
        headers = declared.setdefault(str(one["statusCode"]), {"headers": {}})["headers"]
        headers.update({name: {"schema": {"type": "string"}} for name in names})
    return declared


def template_of(paths: Json, *, document: Json = None, api: Json = None, resources: Json = None) -> Json:
    """A SAM template. paths: of the OpenAPI document; document, api, resources: more keys of each."""
    definition = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths, **(document or {})}
    properties = {"StageName": "v1", "DefinitionBody": definition, **(api or {})}
    return {"Resources": {"Api": {"Type": "AWS::Serverless::Api", "Properties": properties}, **(resources or {})}}


@dataclass
class Served:
    """A gateway under test. now: what both its clocks show, in seconds."""

    gateway: Gateway
    engine: RecordingEngine
    writes: list[None]
    now: list[float]

    def ask(
        self,
        method: str = "GET",
        target: str = "/v1/a",
        *,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        body: bytes | str | Json = b"",
    ) -> Response:
        """Send one request; body: bytes or text as they are, anything else as JSON."""
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        pairs = list(headers.items()) if isinstance(headers, dict) else headers or []
        path, _, query = target.partition("?")
        return asyncio.run(self.gateway.handle(Request(method, path, query, pairs, body)))


def serving(directory: Path, paths: Json, *, engine: RecordingEngine | None = None, **more: Json) -> Served:
    """A gateway for the API of a template, read by the real reader; more: as for template_of."""
    engine, writes, now = engine or RecordingEngine(), list[None](), [1_800_000_000.0]
    gateway = Gateway(
        read(directory, template_of(paths, **more)),
        engine,
        clock=lambda: now[0],
        monotonic=lambda: now[0],
        on_write=lambda: writes.append(None),
    )
    return Served(gateway, engine, writes, now)


def read(directory: Path, template: Json) -> Json:
    """The API of a template, through a file."""
    path = directory / "template.yaml"
    path.write_text(json.dumps(template))  # JSON is YAML
    return read_api(load(path, {}, stack_name="stack", region="eu-west-1", account="111122223333"))


def header(response: Response, name: str) -> str | None:
    """A header of an answer, whatever the case of its name."""
    return next((value for key, value in response.headers.items() if key.lower() == name.lower()), None)


def message(response: Response) -> Json:
    """The message of an answer of API Gateway's own."""
    return json.loads(response.body)["message"]
