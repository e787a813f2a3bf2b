"""Run every scanner and say what each found: `make scan`.

Exit codes: 0 nothing to do, 1 something found or a scanner failed, 2 usage.
"""

import json
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.scan.code_scanners import (
    pipeline_files,
    scan_with_bandit,
    scan_with_detect_secrets,
    scan_with_pip_audit,
    scan_with_workflow_schema,
    scan_with_zizmor,
    shipped_files,
)
from tests.scan.findings import Finding, ScannerFailed, Suppression, Unreachable, Verdict, judge
from tests.scan.running import ROOT, tracked_files
from tests.scan.suppressions import line_suppressions, template_suppressions
from tests.scan.template_scanners import scan_with_cfn_guard, scan_with_cfn_lint, scan_with_checkov

AT_ONCE = 2
TEMPLATE_SCANNERS = {
    "cfn-lint": scan_with_cfn_lint,
    "checkov": scan_with_checkov,
    "cfn-guard": scan_with_cfn_guard,
}
Scan = Callable[[Path], tuple[Iterable[Finding], Iterable[Suppression]]]


def templates(root: Path) -> list[Path]:
    """The stack's template, and those that prepare an account for the pipeline."""
    return [root / "template.yaml", *sorted((root / ".github").glob("*.yaml"))]


def scan_templates(tool: str, root: Path) -> tuple[list[Finding], list[Suppression]]:
    """What one scanner finds in every template, and what they accept of it."""
    found: list[Finding] = []
    accepted: list[Suppression] = []
    with tempfile.TemporaryDirectory() as folder:
        for template in templates(root):
            found += TEMPLATE_SCANNERS[tool](template, Path(folder))
            accepted += template_suppressions(template, tool)
    return found, accepted


SCANNERS: dict[str, Scan] = {
    "cfn-lint": lambda root: scan_templates("cfn-lint", root),
    "checkov": lambda root: scan_templates("checkov", root),
    "cfn-guard": lambda root: scan_templates("cfn-guard", root),
    "bandit": lambda root: (scan_with_bandit(root), line_suppressions(root, shipped_files(root), "bandit")),
    "detect-secrets": lambda root: (
        scan_with_detect_secrets(root),
        line_suppressions(root, tracked_files(root), "detect-secrets"),
    ),
    "pip-audit": lambda root: (scan_with_pip_audit(root), ()),
    "zizmor": lambda root: (scan_with_zizmor(root), line_suppressions(root, pipeline_files(root), "zizmor")),
    "workflow schema": lambda root: (scan_with_workflow_schema(root), ()),
}


def scan(tool: str, root: Path) -> Verdict:
    """Run one scanner."""
    try:
        return judge(tool, *SCANNERS[tool](root))
    except Unreachable as error:
        return Verdict(tool, [], [], "skipped", str(error))
    except ScannerFailed as error:
        return Verdict(tool, [], [], "failed", str(error))


def show(verdicts: list[Verdict]) -> None:
    """Print a table, and below it everything that has to be done."""
    console = Console(soft_wrap=True, highlight=False, emoji=False)
    table = Table("tool", "findings", "suppressed", "status")
    for one in verdicts:
        table.add_row(one.tool, str(len(one.findings)), str(len(one.suppressed)), one.status)
    console.print(table)
    for one in verdicts:
        for finding in one.findings:
            console.print(f"{one.tool}: {finding.where}: {finding.rule}: {finding.message}", markup=False)
        if one.note:
            console.print(f"{one.tool}: {one.status}: {one.note}", markup=False)


@click.command()
@click.argument("tools", nargs=-1, type=click.Choice(list(SCANNERS)))
@click.option("--root", default=ROOT, type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True))
@click.option("--output", default="text", type=click.Choice(["text", "json"]))
def main(tools: tuple[str, ...], root: Path, output: str) -> None:
    """Run TOOLS, or every scanner, over the project in --root."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = list(pool.map(lambda tool: scan(tool, root), tools or SCANNERS))
    if output == "json":
        click.echo(json.dumps([one.to_json() for one in verdicts], indent=1))
    else:
        show(verdicts)
    raise SystemExit(not all(one.passed for one in verdicts))


if __name__ == "__main__":
    main()
