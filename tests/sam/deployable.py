"""The template that was built, without what ministack's CloudFormation refuses to make."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sam.running import ROOT, SAM, clean_environment, run

METRIC_MATH = "it makes alarms of one metric only"
REFUSED = {
    "AWS::CloudWatch::Alarm": METRIC_MATH,
    "AWS::CodeDeploy::Application": "it has no CodeDeploy",
    "AWS::CodeDeploy::DeploymentGroup": "it has no CodeDeploy",
    "AWS::Logs::QueryDefinition": "it keeps no queries",
}


def refused(template: dict[str, Any]) -> Iterator[str]:
    """The logical ids of what is left out, of a template or of what one was resolved to."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in REFUSED and (
            resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" in resource["Properties"]
        ):
            yield name


def leave_out(built: Path) -> Path:
    """Write a deployable template beside a built one; its path. Includes stay includes, for `sam deploy` to upload."""
    yaml = pytest.importorskip("samcli.yamlhelper", reason="needs aws-sam-cli: make test-all")
    template: dict[str, Any] = yaml.yaml_parse((built / "template.yaml").read_text(encoding="utf-8"))
    for name in list(refused(template)):
        del template["Resources"][name]
    del template["Resources"]["Processor"]["Properties"]["DeploymentPreference"]  # of which SAM makes CodeDeploy's
    path = built / "deployable.yaml"
    path.write_text(yaml.yaml_dump(template), encoding="utf-8")
    return path


def deploy(built: Path, name: str, endpoint: str, *parameters: str) -> None:
    """`sam deploy` of a built template, for the first time or again. parameters: each `Name=Value`."""
    run(
        *(SAM, "deploy", "--template-file", str(leave_out(built)), "--stack-name", name, "--no-progressbar"),
        *("--config-file", str(ROOT / "samconfig.toml"), "--parameter-overrides", *parameters),
        environment=clean_environment(AWS_ENDPOINT_URL=endpoint),
    )
