"""The suite tested: each planted bug breaks a promise, and the test that guards the promise has to fail."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from gapless.target import Target
from tests.faults.conftest import RUNNING_ENGINE
from tests.faults.planted import BUGS
from tests.faults.planted.bug import Bug
from tests.local.stack_files import ROOT, replace_in

AT_ONCE = 2
Result = subprocess.CompletedProcess[str]


def run_tests(processor: Path, engine: Target, *tests: str) -> Result:
    """Run tests against a processor in another folder, on an engine that runs already."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "--show-capture=no", "-o", f"pythonpath={processor}")
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, RUNNING_ENGINE: engine.dynamodb or ""}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def copy_processor(folder: Path) -> Path:
    """A processor to spoil."""
    return shutil.copytree(ROOT / "functions/processor", folder, ignore=shutil.ignore_patterns("__pycache__"))


def plant(bug: Bug, folder: Path, engine: Target) -> Result:
    """Run the bug's test against a processor that has it."""
    processor = copy_processor(folder)
    for old, new in bug.changes:
        replace_in(processor / bug.file, old, new)
    return run_tests(processor, engine, bug.caught_by)


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, engine: Target
) -> Iterator[dict[str, Future[Result]]]:
    """What becomes of every bug that is asked for, by its name; several are tried at once, all on one engine."""
    asked = [item.callspec.params.get("bug") for item in request.session.items if hasattr(item, "callspec")]
    folder = tmp_path_factory.mktemp("planted")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bugs = [bug for bug in asked if isinstance(bug, Bug)]
        yield {bug.name: pool.submit(plant, bug, folder / f"{n}", engine) for n, bug in enumerate(bugs)}
        pool.shutdown(cancel_futures=True)


@pytest.mark.everything
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.promise}: {bug.name}")
def test_every_planted_bug_is_caught(bug: Bug, results: dict[str, Future[Result]]) -> None:
    result = results[bug.name].result()
    assert result.returncode == 1, (
        f"{bug.promise!r} is broken ({bug.name}), and {bug.caught_by} does not notice:\n{result.stdout[-3000:]}"
    )


@pytest.mark.everything
def test_without_a_bug_the_same_tests_pass(tmp_path: Path, engine: Target) -> None:
    result = run_tests(copy_processor(tmp_path / "processor"), engine, *sorted({bug.caught_by for bug in BUGS}))
    assert result.returncode == 0, result.stdout[-3000:]


def test_every_bug_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 30
