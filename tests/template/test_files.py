"""The files around the template: those it includes, and the environments of samconfig.toml."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gapless.local.template import Template, TemplateError, load, samconfig_parameters
from tests.template.declared import ROOT, TEMPLATE

SAMCONFIG = ROOT / "samconfig.toml"
DEPLOYED = ("default", "staging", "prod")
ENVIRONMENTS = (*DEPLOYED, "local")
LOCATION = re.compile(r"Location: ([^}\s]+)")


def load_environment(samconfig: Path, environment: str) -> Template:
    """The template with an environment's parameters."""
    parameters = samconfig_parameters(samconfig, environment)
    return load(TEMPLATE, parameters, stack_name="test", region="us-east-1", account="000000000000")


@pytest.fixture(scope="module")
def samconfig() -> dict[str, Any]:
    return tomllib.loads(SAMCONFIG.read_text(encoding="utf-8"))


def test_every_snippet_is_included() -> None:
    included = {ROOT / location for location in LOCATION.findall(TEMPLATE.read_text(encoding="utf-8"))}
    assert included == set((ROOT / "mapping_templates").iterdir())


def test_missing_snippet_is_caught(tmp_path: Path) -> None:
    shutil.copy(TEMPLATE, tmp_path)
    shutil.copytree(ROOT / "mapping_templates", tmp_path / "mapping_templates")
    (tmp_path / "mapping_templates" / "claim_request.yaml").unlink()
    with pytest.raises(TemplateError, match=r"claim_request\.yaml"):
        load(tmp_path / TEMPLATE.name, {}, stack_name="test", region="us-east-1", account="000000000000")


def test_environments_are_these(samconfig: dict[str, Any]) -> None:
    assert set(samconfig) == {"version", *ENVIRONMENTS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_are_those_of_the_template(environment: str) -> None:
    expected = "NONE" if environment == "local" else "AWS_IAM"
    assert load_environment(SAMCONFIG, environment).parameters["Authorization"] == expected


@pytest.mark.parametrize(
    "overrides",
    [
        *("RetentionDay=7", "RetentionDays=-1", "Authorization=None", "DefaultCounter=a/b", "LogRetentionDays=8"),
        *("Lanes=many", "SweepAfterSeconds=59", "MostResends=0"),
        *("KmsKeyArn=alias/gapless", "AllowedCidrs=192.0.2.0", "AllowedVpcEndpoints=vpc-1", "WebAclArn=limits"),
        *("CorsOrigin=*", "CorsOrigin=https://app.example.com/"),
    ],
)
def test_wrong_parameter_is_caught(tmp_path: Path, overrides: str) -> None:
    broken = tmp_path / "samconfig.toml"
    broken.write_text(f'version = 0.1\n[staging.deploy.parameters]\nparameter_overrides = "{overrides}"\n')
    with pytest.raises(TemplateError, match=overrides.partition("=")[0]):
        load_environment(broken, "staging")


def test_stacks_have_names_of_their_own(samconfig: dict[str, Any]) -> None:
    names = [samconfig[environment]["global"]["parameters"]["stack_name"] for environment in ENVIRONMENTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("environment", DEPLOYED)
def test_deploy_asks_nothing_that_can_be_answered_here(samconfig: dict[str, Any], environment: str) -> None:
    deploy = samconfig[environment]["deploy"]["parameters"]
    # AUTO_EXPAND: AWS::Include is a macro beside SAM's own.
    assert set(deploy["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert deploy["resolve_s3"] is True
    assert deploy["confirm_changeset"] is (environment == "prod")
