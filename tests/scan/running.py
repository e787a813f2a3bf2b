"""How a scanner is run: from its own environment, without the project's credentials, and not for ever."""

import os
import subprocess
from pathlib import Path

from tests.scan.findings import ScannerFailed

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
SCANNERS = TOOLS / "scan" / "bin"
SECONDS = 180


def run(program: Path, *arguments: str, codes: set[int], folder: Path = ROOT) -> str:
    """Run a scanner and return what it printed.

    codes: exit codes that mean it did its work. Raises ScannerFailed for any other, and where it is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    try:
        result = subprocess.run(
            [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    except FileNotFoundError:
        raise ScannerFailed(f"{program} is not there: `make scan` installs it") from None
    if result.returncode not in codes:
        raise ScannerFailed(f"{program.name} ended with {result.returncode}:\n{result.stderr or result.stdout}")
    return result.stdout


def tracked_files(root: Path) -> list[Path]:
    """The files of a project that git knows, or would with `git add`; all of them where there is no git."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if result.returncode == 0:
        listed = [root / name for name in result.stdout.split("\0") if name]
    else:
        listed = [path for path in root.rglob("*") if "__pycache__" not in path.parts]
    return sorted(path for path in listed if path.is_file() and not path.is_symlink())
