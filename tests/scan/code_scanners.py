"""The scanners of code, of what it depends on, of secrets and of the pipeline."""

import json
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.scan.findings import Finding, ScannerFailed, Unreachable
from tests.scan.running import SCANNERS, run, tracked_files

SHIPPED = ("gapless", "functions")  # what runs on machines of others; the tests are ruff's alone
# By its key word it takes every stand-in (`"test"`) for a secret; ruff and bandit look at those: S105, S106, S107.
NOISY = "KeywordDetector"
# Suppressions are applied by our own hands, so that stale ones show.
OWN_FILTER = "detect_secrets.filters.allowlist.is_line_allowlisted"
NO_SECRETS = ("(sha256:|SHA256 := )[0-9a-f]{64}", ":policy/service-role/", ":regional/webacl/")  # hashes, parts of ARNs


def shipped_files(root: Path) -> list[Path]:
    """The Python files that bandit reads."""
    return [path for path in tracked_files(root) if path.suffix == ".py" and path.relative_to(root).parts[0] in SHIPPED]


def pipeline_files(root: Path) -> list[Path]:
    """The workflows of GitHub Actions."""
    return sorted((root / ".github" / "workflows").glob("*.y*ml"))


def scan_with_bandit(root: Path) -> Iterator[Finding]:
    """bandit; what ruff is told to let pass in pyproject.toml, with its reason there, passes here too."""
    lint = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    everywhere = {rule.replace("S", "B", 1) for rule in lint["ignore"]}
    options = ("--ignore-nosec", "--quiet", "--format", "json")
    files = (str(path.relative_to(root)) for path in shipped_files(root))
    report = json.loads(run(SCANNERS / "bandit", *options, *files, codes={0, 1}, folder=root))
    if report["errors"] or not report["metrics"]["_totals"]["loc"]:
        raise ScannerFailed(f"bandit could not read everything: {report['errors']}")
    for one in report["results"]:
        if one["test_id"] not in everywhere:
            yield Finding(
                one["test_id"], f"{one['filename'].removeprefix('./')}:{one['line_number']}", one["issue_text"]
            )


def scan_with_detect_secrets(root: Path) -> Iterator[Finding]:
    """detect-secrets over every file that git knows."""
    options = ["--all-files", "--no-verify", "--disable-plugin", NOISY, "--disable-filter", OWN_FILTER]
    options += [f"--exclude-lines={line}" for line in NO_SECRETS]
    files = [str(path.relative_to(root)) for path in tracked_files(root)]
    report = json.loads(run(SCANNERS / "detect-secrets", "scan", *options, "--", *files, codes={0}, folder=root))
    if not report["plugins_used"]:
        raise ScannerFailed("detect-secrets looked for nothing")
    for file, secrets in report["results"].items():
        for one in secrets:
            yield Finding("secret", f"{file}:{one['line_number']}", one["type"])


def scan_with_pip_audit(root: Path) -> Iterator[Finding]:
    """pip-audit, first over what is deployed, then over this environment, which is uv.lock's.

    Raises Unreachable where PyPI's list of vulnerabilities is not to be had: a mirror has the packages alone.
    """
    for requirements in sorted((root / "functions").glob("*/requirements.txt")):
        yield from _audit("--requirement", str(requirements), "--no-deps", "--disable-pip")
    yield from _audit("--path", sysconfig.get_path("purelib"), "--skip-editable")


def scan_with_zizmor(root: Path) -> Iterator[Finding]:
    """zizmor, which knows how workflows are attacked."""
    options = ("--offline", "--no-ignores", "--no-exit-codes", "--format", "json")
    for one in json.loads(run(SCANNERS / "zizmor", *options, str(root / ".github"), codes={0}, folder=root)):
        place = next(place for place in one["locations"] if place["symbolic"]["kind"] == "Primary")
        file = Path(place["symbolic"]["key"]["Local"]["verbatim_path"]).relative_to(root)
        yield Finding(one["ident"], f"{file}:{place['concrete']['location']['start_point']['row'] + 1}", one["desc"])


def scan_with_workflow_schema(root: Path) -> Iterator[Finding]:
    """check-jsonschema with the schema of GitHub's workflows: a misspelt key is otherwise found when it runs."""
    options = ("--builtin-schema", "vendor.github-workflows", "--output-format", "json")
    files = (str(path) for path in pipeline_files(root))
    report = json.loads(run(SCANNERS / "check-jsonschema", *options, *files, codes={0, 1}))
    for one in (*report.get("parse_errors", ()), *report.get("errors", ())):
        file = Path(one["filename"]).relative_to(root)
        yield Finding("schema", str(file), f"{one.get('path', '')}: {one['message']}")


def _audit(*arguments: str) -> Iterator[Finding]:
    """Run pip-audit on one set of packages."""
    options = ("--format", "json", "--progress-spinner", "off")
    report = json.loads(run(SCANNERS / "pip-audit", *options, *arguments, codes={0, 1}) or '{"dependencies": []}')
    if unknown := [one["name"] for one in report["dependencies"] if "vulns" not in one]:
        raise Unreachable(f"PyPI's list of vulnerabilities cannot be asked for {', '.join(unknown)}")
    if not report["dependencies"]:
        raise Unreachable("PyPI's list of vulnerabilities cannot be asked")
    for package in report["dependencies"]:
        for one in package["vulns"]:
            mended = f"mended in {', '.join(one['fix_versions'])}" if one["fix_versions"] else "not mended yet"
            yield Finding(one["id"], f"{package['name']} {package['version']}", mended)
