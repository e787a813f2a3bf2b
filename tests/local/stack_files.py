"""A copy of the project's stack to change: what an adopter would have after cloning."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PARTS = ("template.yaml", "samconfig.toml", "mapping_templates", "functions")


def copy_stack(folder: Path) -> Path:
    """Copy template, settings, snippets and functions into `folder`; returns the copied template."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder / "template.yaml"


def replace_in(path: Path, old: str, new: str) -> None:
    """Edit a file; fails when there is nothing to replace."""
    text = path.read_text()
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new))
