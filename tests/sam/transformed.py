"""SAM's own transform, away from AWS."""

import copy
import importlib
import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from unittest import mock


def transformed(template: dict[str, Any], parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What CloudFormation gets of a template: no type of SAM's is left.

    template: as `gapless.local.template.source.read` reads it; parameters: those that it is deployed with.
    Raises ImportError without aws-sam-cli.
    """
    transform = importlib.import_module("samtranslator.translator.transform").transform
    packaged = copy.deepcopy(template)
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as `sam deploy` leaves it
    no_managed_policies = SimpleNamespace(load=dict[str, str])  # looking one up by its name would ask AWS
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        document: dict[str, Any] = transform(packaged, dict(parameters or {}), no_managed_policies)
    return document
