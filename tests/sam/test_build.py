"""`sam validate` and `sam build` are content, and what is built is what was written."""

import os
import sys
from pathlib import Path

import pytest

from gapless.local.template import Template, load
from tests.sam.running import ROOT, SAM, clean_environment, run

pytestmark = pytest.mark.everything


def load_template(folder: Path) -> Template:
    """The template in a folder."""
    return load(folder / "template.yaml", {}, stack_name="test", region="us-east-1", account="000000000000")


def test_validate_finds_nothing() -> None:
    printed = run(SAM, "validate", "--lint", environment=clean_environment())
    # cfn-lint's warnings do not fail the command: they are lines like "W3037 ..." beside the verdict.
    assert printed.strip().splitlines() == [f"{ROOT / 'template.yaml'} is a valid SAM Template"]


def test_built_template_says_the_same(built: Path) -> None:
    # Reading it also proves that every include is found from where the built template lies.
    written, made = load_template(ROOT), load_template(built)
    for function in made.of_type("AWS::Serverless::Function"):
        module = function.properties["Handler"].partition(".")[0]
        assert (built / function.properties["CodeUri"] / f"{module}.py").is_file()
        function.properties["CodeUri"] = written.resources[function.logical_id].properties["CodeUri"]
    assert made.resources == written.resources
    assert made.outputs == written.outputs


@pytest.mark.parametrize(("function", "package"), [("Processor", True), ("Sweeper", True), ("Ticket", False)])
def test_built_function_can_be_imported(built: Path, function: str, package: bool) -> None:
    """package: whether it has packages of its own besides."""
    properties = load_template(built).resources[function].properties
    code = built / properties["CodeUri"]
    module = properties["Handler"].partition(".")[0]
    program = (
        f"import sys; sys.path.insert(0, {str(code)!r}); import {module}; "
        f"powertools = sys.modules.get('aws_lambda_powertools'); "
        f"print(callable({module}.lambda_handler), {module}.__file__, powertools and powertools.__file__)"
    )
    variables = {name: str(value) for name, value in properties["Environment"]["Variables"].items()}
    # botocore is the one package that Lambda's runtime brings along; here it is this interpreter's.
    printed = run(sys.executable, "-B", "-I", "-c", program, environment=clean_environment(**variables))
    handler, imported, powertools = printed.split()
    assert (handler, imported) == ("True", str(code / f"{module}.py"))
    assert powertools.startswith(str(code) + os.sep) if package else powertools == "None"
