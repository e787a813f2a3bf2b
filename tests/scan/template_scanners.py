"""The scanners of template.yaml. Each sees it bare, without what suppresses it, so that stale suppressions show."""

import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gapless.local.template.source import read
from tests.sam.transformed import transformed
from tests.scan.findings import Finding, ScannerFailed
from tests.scan.running import SCANNERS, TOOLS, run
from tests.scan.suppressions import KEYS

GUARD = TOOLS / "cfn-guard"
CONTROL_TOWER = GUARD / "rules" / "control-tower" / "cfn-guard"
SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
MACHINES = {"arm64": "aarch64"}
CONTROL = re.compile(r"\[(CT\.[A-Z0-9.]+)\]: *([^\n]+)")


def read_bare(template: Path) -> dict[str, Any]:
    """The template with its includes in place and no suppressions; templates of CloudFormation's own too."""
    document = read(template)
    for resource in document["Resources"].values():
        metadata = {key: value for key, value in resource.pop("Metadata", {}).items() if key not in KEYS}
        if metadata:
            resource["Metadata"] = metadata
    return document


def scan_with_cfn_lint(template: Path, folder: Path) -> Iterator[Finding]:
    """cfn-lint with the rules for serverless applications; folder: for what it reads."""
    bare = _write(folder / f"{template.stem}.json", read_bare(template))
    # Exit codes are bits: 2 errors, 4 warnings, 8 notes. https://github.com/aws-cloudformation/cfn-lint#exit-codes
    rules = ("--append-rules", "cfn_lint_serverless.rules")
    printed = run(SCANNERS / "cfn-lint", str(bare), *rules, "--format", "json", codes=set(range(0, 16, 2)))
    for one in json.loads(printed):
        path = one["Location"]["Path"]
        where = path[1] if len(path) > 1 and path[0] == "Resources" else "/".join(map(str, path))
        yield Finding(one["Rule"]["Id"], where, one["Message"])


def scan_with_checkov(template: Path, folder: Path) -> Iterator[Finding]:
    """checkov's rules of CloudFormation, those that come with it; folder: for what it reads."""
    bare = _write(folder / f"{template.stem}.json", read_bare(template))
    options = ("--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json")
    report = json.loads(run(SCANNERS / "checkov", "--file", str(bare), *options, codes={0, 1}))
    if "results" not in report or report["summary"]["parsing_errors"]:
        raise ScannerFailed(f"checkov read no resources: {report}")
    for one in report["results"]["failed_checks"]:
        yield Finding(one["check_id"], one["resource"].rpartition(".")[2], one["check_name"])


def scan_with_cfn_guard(template: Path, folder: Path) -> Iterator[Finding]:
    """AWS Control Tower's proactive controls on what SAM makes of the template; folder: for what it reads."""
    bare = read_bare(template)
    made = _write(folder / f"{template.stem}.transformed.json", transformed(bare))
    options = ("--output-format", "json", "--structured", "--show-summary", "none")
    guard = GUARD / "bin" / SYSTEMS[platform.system()] / MACHINES.get(platform.machine(), platform.machine())
    command = ("validate", "--data", str(made), "--rules", str(CONTROL_TOWER), *options)
    # 19: some rule is broken. https://github.com/aws-cloudformation/cloudformation-guard/blob/main/docs/CLI.md
    (report,) = json.loads(run(guard / "cfn-guard", *command, codes={0, 19}))
    if not report["compliant"]:
        raise ScannerFailed("cfn-guard applied no rule at all")
    for rule in report["not_compliant"]:
        yield from _findings(rule, set(bare["Resources"]))


def _write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path


def _findings(rule: dict[str, Any], declared: set[str]) -> Iterator[Finding]:
    """A broken rule's findings, one for each resource, named as in template.yaml."""
    said = CONTROL.search(json.dumps(rule).replace("\\n", "\n"))
    if not said:
        raise ScannerFailed(f"cfn-guard names no control: {rule}")
    made = {path.split("/")[2] for path in _paths(rule) if path.startswith("/Resources/")}
    for name in made or {""}:
        # What SAM makes of a resource bears its name, and something behind it: TicketUrl is of Ticket.
        owner = max((one for one in declared if name.startswith(one)), key=len, default=name)
        yield Finding(said[1], owner, said[2].strip('" ,'))


def _paths(node: Any) -> Iterator[str]:
    """Every `path` in a report."""
    if isinstance(node, list):
        for one in node:
            yield from _paths(one)
    if isinstance(node, dict):
        for key, one in node.items():
            if key == "path" and isinstance(one, str):
                yield one
            yield from _paths(one)
