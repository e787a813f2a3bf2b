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
    processor = made.resources["Processor"].properties
    assert (built / processor["CodeUri"] / "app.py").is_file()
    processor["CodeUri"] = written.resources["Processor"].properties["CodeUri"]
    assert made.resources == written.resources
    assert made.outputs == written.outputs


def test_built_function_can_be_imported(built: Path) -> None:
    template = load_template(built)
    processor = template.resources["Processor"].properties
    code = built / processor["CodeUri"]
    program = (
        f"import sys; sys.path.insert(0, {str(code)!r}); import app, aws_lambda_powertools as powertools; "
        "print(callable(app.lambda_handler), app.__file__, powertools.__file__)"
    )
    variables = {name: str(value) for name, value in processor["Environment"]["Variables"].items()}
    # botocore is the one package that Lambda's runtime brings along; here it is this interpreter's.
    printed = run(sys.executable, "-B", "-I", "-c", program, environment=clean_environment(**variables))
    handler, app, powertools = printed.split()
    assert (handler, app) == ("True", str(code / "app.py"))
    assert powertools.startswith(str(code) + os.sep)
