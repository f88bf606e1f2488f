"""The documentation site: it is built without a warning, has every verb, and needs nothing but its own files."""

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

VERBS = ("get", "wait_until_active", "wait_all", "watch", "blockers", "resume", "repository_status", "discover")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-n", "-b", "html", "-d", str(folder / "doctrees"), str(DOCS)]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(folder / "html")], capture_output=True, text=True, timeout=300
    )
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


def entry(site: Path, page: str, name: str) -> str:
    """What stands in the site's entry of a name, as text, up to the next one."""
    text = (site / "reference" / f"{page}.html").read_text("utf-8")
    found = re.search(
        rf'<dt class="sig[^>]* id="{re.escape(name)}">(.*?)(?=<dt class="sig|</section>)', text, re.DOTALL
    )
    assert found is not None, name
    return " ".join(unescape(re.sub("<[^>]+>", "", found[1])).split())


@pytest.mark.parametrize(("page", "client"), [("unisync", "Unisync"), ("async", "AsyncUnisync"), ("fleet", "Fleet")])
def test_each_client_has_the_verbs_with_what_they_take_and_say(site: Path, page: str, client: str) -> None:
    for verb in VERBS:
        text = entry(site, page, f"unisync.{client}.{verb}")
        assert text.startswith("async ") == (client == "AsyncUnisync" and verb != "watch"), text
        assert (getattr(getattr(unisync, client), verb).__doc__ or "").partition("\n")[0].partition("`")[0] in text
        assert "Flow" not in text
    assert "revision: str | None = None" in entry(site, page, f"unisync.{client}.wait_until_active")


def test_a_list_says_how_it_is_iterated_over(site: Path) -> None:
    assert "→ Pager[" in entry(site, "twinmaker", "unisync.TwinMakerClient.list_sync_jobs")
    assert "→ AsyncPager[" in entry(site, "twinmaker", "unisync.AsyncTwinMakerClient.list_sync_jobs")


@pytest.fixture
def browser() -> Iterator[BrowserContext]:
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        quiet = ("quic", "gpu", "background-networking", "component-update", "sync")
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in quiet)]
        launched = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        yield launched.new_context()
        launched.close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_every_page_loads_nothing_from_elsewhere_and_fits_a_phone(site: Path, browser: BrowserContext) -> None:
    happened: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith((site.as_uri(), "data:")):
            happened.append(request.url)

    page = browser.new_page()
    page.on("console", lambda message: happened.append(message.text))
    page.on("pageerror", lambda error: happened.append(str(error)))
    page.on("request", asked)
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                happened.append(f"{path.name} is wider than {width}")
    assert happened == []
