"""A page in a real browser, Debian's Chromium, calls the API of another origin."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gapless.local.background import running_stack

pytestmark = pytest.mark.everything

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PAGE = """<!doctype html><title>waiting</title><script>
const call = (headers) => fetch("API/requests", {method: "PUT", headers: headers, body: "{}"});
(async () => {
  const stored = await call({"Content-Type": "application/json", "x-api-key": "KEY"});
  const refused = await call({"Content-Type": "application/json"});
  const problem = await refused.json();
  return [stored.status, stored.headers.has("Location"), refused.status, problem.title].join(" ");
})().catch(() => "unreadable").then(text => { document.title = text; });
</script>"""


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """A folder on a port of 127.0.0.1; the port."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def title(url: str, profile: Path) -> str:
    """What the page at a URL has made of its title."""
    browser = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command = [*browser, "--virtual-time-budget=20000", "--dump-dom", url]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    (found,) = re.findall("<title>(.*?)</title>", printed)
    return str(found)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: apt-get install chromium")
def test_a_page_of_the_origin_reads_answers_and_refusals_and_another_page_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    with serving(folder) as port:
        origin = f"http://localhost:{port}"
        with running_stack("--parameter", "Authorization=API_KEY", "--parameter", f"CorsOrigin={origin}") as stack:
            (key,) = re.findall(r"x-api-key: (\S+)", stack.log)
            (folder / "page.html").write_text(PAGE.replace("API", stack.target.api).replace("KEY", key))
            pages = [f"{origin}/page.html", f"http://127.0.0.1:{port}/page.html"]
            titles = [title(page, tmp_path / f"profile{number}") for number, page in enumerate(pages)]
    assert titles == ["202 true 403 Forbidden", "unreadable"]
