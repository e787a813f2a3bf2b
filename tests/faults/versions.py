"""The previous version of the processor, from git, and a stack on which it and this one take turns."""

import ast
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.local.stack_files import ROOT, copy_stack, replace_in

PROCESSOR = "functions/processor"
CHOSEN = "GAPLESS_PREVIOUS"  # a commit or tag to take as the previous version, such as what prod runs now
VERSIONS = ("current", "previous")

# Stands in for app.py and sweeper.py. Lambda sends each invocation to either version of an alias in transition; here
# processes are of one and the other in turn, and the function host hands successive batches to different processes.
TURNS = """
import importlib, os, sys
from pathlib import Path

folder = Path(__file__).parent
turn = 0
while True:
    try:
        os.close(os.open(folder.parent / f"{__name__}.{turn}", os.O_CREAT | os.O_EXCL))
        break
    except FileExistsError:
        turn += 1
version = ("current", "previous")[turn % 2]
sys.path.insert(0, str(folder / version))
name = __name__
del sys.modules[name]  # the import system then takes what the next line puts there
handler = importlib.import_module(name)
handle = handler.lambda_handler

def tell_and_handle(event, context):
    print(f"{name} of {version} is invoked", flush=True)
    return handle(event, context)

handler.lambda_handler = tell_and_handle
"""


class NoHistory(Exception):
    """There is no previous version to be had; the text says why."""


def write_previous(folder: Path) -> None:
    """Write the previous version of the processor into a folder.

    It is what GAPLESS_PREVIOUS names; else the newest tag's, or the last commit's, that is another than this one.
    Comments do not make another version. Raises NoHistory.
    """
    if chosen := os.environ.get(CHOSEN):
        return write_version(chosen, folder)
    current = read_code(ROOT / PROCESSOR)
    for commit in (*git("tag", "--merged", "HEAD", "--sort=-creatordate"), *git("log", "--format=%H", "--", PROCESSOR)):
        write_version(commit, folder)
        if read_code(folder) != current:
            return None
    raise NoHistory("git knows no other version of functions/processor: a clone without its history, or a new project")


def write_version(commit: str, folder: Path) -> None:
    """Write a commit's processor into a folder."""
    print(f"the previous version is {commit}; {CHOSEN} chooses another")  # noqa: T201 - shown with a failure
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = ["git", "archive", f"{commit}:{PROCESSOR}"]
    packed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")


def read_code(folder: Path) -> dict[str, str]:
    """What the modules of a folder say to Python: file name -> its syntax tree as text."""
    return {path.name: ast.dump(ast.parse(path.read_text(encoding="utf-8"))) for path in folder.glob("*.py")}


def git(*arguments: str) -> list[str]:
    """The words that a git command prints. Raises NoHistory where there is no git, or no commit."""
    try:
        subprocess.run(["git", "rev-parse", "--verify", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise NoHistory(f"git has no history of this folder: {error}") from None
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def write_stack(folder: Path) -> Path:
    """Write a stack whose functions are of two versions; returns their folder, which still lacks `previous`."""
    folder.mkdir()
    template = copy_stack(folder)
    replace_in(template, f"CodeUri: {PROCESSOR}/", "CodeUri: functions/turns/")
    turns = folder / "functions" / "turns"
    turns.mkdir()
    (folder / PROCESSOR).rename(turns / "current")
    for handler in ("app", "sweeper"):
        (turns / f"{handler}.py").write_text(TURNS)
    return turns
