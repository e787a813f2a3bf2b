"""Runs `sam`, away from any real account."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAM = str(Path(sys.executable).with_name("sam"))
SECONDS = 300


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything that could lead to a real account, and with credentials that open nothing."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))},
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # the discard port: what is not sent elsewhere on purpose fails
        "SAM_CLI_TELEMETRY": "0",
        **more,
    }


def run(*command: str, environment: dict[str, str]) -> str:
    """Run a command in the project's folder; returns all it printed, which is an AssertionError's text if it fails."""
    result = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS
    )
    assert result.returncode == 0, f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}"
    return result.stdout


def find_python() -> str | None:
    """A PATH on which python3.13 is there and has pip, as `sam build` wants it; None if there is none.

    A virtual environment that uv made has no pip, so its own folder is left out.
    """
    own = Path(sys.executable).parent
    path = os.pathsep.join(one for one in os.get_exec_path() if Path(one) != own)
    python = shutil.which("python3.13", path=path)
    if python is None:
        return None
    found = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, timeout=SECONDS)
    return path if found.returncode == 0 else None
