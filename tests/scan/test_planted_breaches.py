"""Every scanner finds what is planted for it in a copy of the project: none of them runs and looks at nothing."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.local.stack_files import replace_in
from tests.scan.__main__ import SCANNERS
from tests.scan.running import ROOT

pytestmark = pytest.mark.everything

OPEN_TO_ALL = """
Resources:
  PlantedBucket:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: PublicRead

  PlantedTopic:
    Type: AWS::SNS::Topic

"""
PLANTED = {  # scanner -> (rule, where) of what it has to find
    "cfn-lint": {("W3045", "PlantedBucket")},
    "checkov": {("CKV_AWS_20", "PlantedBucket"), ("CKV_AWS_26", "PlantedTopic")},
    "cfn-guard": {("CT.S3.PR.1", "PlantedBucket")},
    "bandit": {("B602", "gapless/planted.py:2")},
    "detect-secrets": {("secret", "gapless/planted.py:3")},
    "zizmor": {("template-injection", ".github/workflows/planted.yml:7")},
    "workflow schema": {("schema", ".github/workflows/planted.yml")},
}
WORKFLOW = """on: issues
permissions: {}
jobs:
  planted:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.issue.title }}"
    time-out-minutes: 1
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each scanner says of a project that was spoilt: tool -> its part of `--output json`."""
    spoilt = tmp_path_factory.mktemp("spoilt")
    for folder in ("mapping_templates", "functions", "gapless", ".github"):
        shutil.copytree(ROOT / folder, spoilt / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("template.yaml", "pyproject.toml"):
        shutil.copy(ROOT / file, spoilt)
    replace_in(spoilt / "template.yaml", "\nResources:\n", OPEN_TO_ALL)
    key = "AKIA" + "Q7RZ2MXN" * 2  # in one piece it would be found here too
    (spoilt / "gapless" / "planted.py").write_text(
        f'import subprocess  # nosec B404 - planted\nsubprocess.run(input(), shell=True)\nKEY = "{key}"\n'
    )
    (spoilt / ".github" / "workflows" / "planted.yml").write_text(WORKFLOW)
    command = [sys.executable, "-m", "tests.scan", "--root", str(spoilt), "--output", "json", *PLANTED]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 1, result.stderr
    return {report["tool"]: report for report in json.loads(result.stdout)}


@pytest.mark.parametrize("tool", PLANTED)
def test_breach_is_found(reports: dict[str, Any], tool: str) -> None:
    found = {(one["rule"], one["where"]) for one in reports[tool]["findings"]}
    assert found >= PLANTED[tool], reports[tool]


def test_every_scanner_has_a_breach_to_find() -> None:
    # Planting a package with a known hole would need PyPI's list, which not every place can ask.
    assert PLANTED.keys() == SCANNERS.keys() - {"pip-audit"}
