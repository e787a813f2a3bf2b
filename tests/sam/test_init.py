"""`sam init --location` of this repository: a tree of what is committed, without its history, whose tests pass."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sam.running import ROOT, SAM, clean_environment, run

pytestmark = pytest.mark.everything

# Those that read the tree itself: its template, its files and how they fit, its settings, its README; its rules as they
# are kept, and not each with a breach.
TESTS = ("tests/template", "tests/scan", "tests/unit/test_readme.py", "tests/unit/test_work.py")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam init` makes."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: there is nothing that sam could fetch")
    folder = tmp_path_factory.mktemp("init")
    options = ("--name", "mine", "--output-dir", str(folder), "--no-interactive")
    # HOME: cookiecutter, by which sam fetches, keeps its settings there.
    environment = clean_environment(HOME=str(folder), GIT_CONFIG_COUNT="1", **safe_directory())
    run(SAM, "init", "--location", f"git+file://{ROOT}", *options, environment=environment)
    return folder / "mine"


def safe_directory() -> dict[str, str]:
    """Git clones what belongs to another user only if told that it may; a container's checkout may."""
    return {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def test_tree_is_what_is_committed(tree: Path) -> None:
    command = ["git", "ls-tree", "-r", "--name-only", "-z", "HEAD"]
    committed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    made = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert made == set(committed.strip("\0").split("\0"))


def test_its_tests_pass(tree: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not breach", *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout[-3000:]
    assert " passed" in result.stdout
