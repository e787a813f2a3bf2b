"""Log files: every line is there, and there are never more than two files of their size."""

from pathlib import Path

from gapless.local.log_file import LogFile


def test_lines_are_kept_as_they_are_and_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "logs/processor.log"
    for lines in (['{"a": "ü%s"}', "a traceback's line"], ["after a restart"]):
        file = LogFile(path)
        for line in lines:
            file.write(line)
        file.close()
    assert path.read_text() == '{"a": "ü%s"}\na traceback\'s line\nafter a restart\n'


def test_they_are_bounded_and_hold_the_latest_lines(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "processor.log", most_bytes=1_000)
    for number in range(1_000):
        file.write(f"line {number}")
    file.close()
    old, new = tmp_path / "processor.log.1", tmp_path / "processor.log"
    assert sorted(tmp_path.iterdir()) == [new, old]
    lines = old.read_text().splitlines() + new.read_text().splitlines()
    assert max(old.stat().st_size, new.stat().st_size) <= 1_000
    assert lines == [f"line {number}" for number in range(1_000 - len(lines), 1_000)]
    assert len(lines) > 80
