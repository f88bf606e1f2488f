"""The documentation site builds without warnings, describes every method, and loads only its own files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import unisync
from tests.support.documents import DOCS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

pytest.importorskip("furo")
pytest.importorskip("myst_parser")
pytestmark = pytest.mark.slow

METHODS = ("get", "wait_until_active", "wait_all", "watch", "blockers", "resume", "repository_status", "discover")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    arguments = ["-q", "-W", "--keep-going", "-n", "-b", "html", "-d", str(folder / "doctrees"), str(DOCS)]
    command = [sys.executable, "-m", "sphinx", *arguments, str(folder / "html")]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


def entry(site: Path, page: str, name: str) -> str:
    """The text of a name's entry, up to the next entry."""
    text = (site / "reference" / f"{page}.html").read_text("utf-8")
    found = re.search(
        rf'<dt class="sig[^>]* id="{re.escape(name)}">(.*?)(?=<dt class="sig|</section>)', text, re.DOTALL
    )
    assert found is not None, name
    return " ".join(unescape(re.sub("<[^>]+>", "", found[1])).split())


@pytest.mark.parametrize(("page", "client"), [("unisync", "Unisync"), ("async", "AsyncUnisync"), ("fleet", "Fleet")])
def test_each_client_shows_its_methods_with_signature_and_docstring(site: Path, page: str, client: str) -> None:
    for method in METHODS:
        text = entry(site, page, f"unisync.{client}.{method}")
        assert text.startswith("async ") == (client == "AsyncUnisync" and method != "watch"), text
        assert (getattr(getattr(unisync, client), method).__doc__ or "").partition("\n")[0].partition("`")[0] in text
        assert "Flow" not in text
    assert "revision: WantedRevision | None = None" in entry(site, page, f"unisync.{client}.wait_until_active")


def test_a_list_shows_its_pager(site: Path) -> None:
    assert "→ Pager[" in entry(site, "twinmaker", "unisync.TwinMakerClient.list_sync_jobs")
    assert "→ AsyncPager[" in entry(site, "twinmaker", "unisync.AsyncTwinMakerClient.list_sync_jobs")


def test_the_service_clients_show_their_types(site: Path) -> None:
    assert "proton: ProtonClient" in entry(site, "unisync", "unisync.Unisync.proton")
    assert "proton: AsyncProtonClient" in entry(site, "async", "unisync.AsyncUnisync.proton")


@pytest.fixture
def browser() -> Iterator[BrowserContext]:
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        disabled = ("quic", "gpu", "background-networking", "component-update", "sync")
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{feature}" for feature in disabled)]
        launched = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        yield launched.new_context()
        launched.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_pages_load_nothing_from_elsewhere_and_fit_a_phone(site: Path, browser: BrowserContext) -> None:
    problems: list[str] = []

    def requested(request: Any) -> None:
        if not request.url.startswith((site.as_uri(), "data:")):
            problems.append(request.url)

    page = browser.new_page()
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", requested)
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                problems.append(f"{path.name} is wider than {width}")
    assert problems == []
