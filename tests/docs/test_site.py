"""The documentation site builds without warnings, describes every method, and loads only its own files."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from enum import Enum
from html import unescape
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

import unisync
from tests.support.documents import DOCS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

pytest.importorskip("furo")
pytest.importorskip("myst_parser")
from sphinx.search.en import SearchEnglish

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


def test_each_page_says_which_version_it_describes(site: Path) -> None:
    for page in ("index", "howto/waiting", "reference/models"):
        text = (site / f"{page}.html").read_text("utf-8")
        assert f'<span class="sidebar-brand-text">unisync {version("unisync-aws")}</span>' in text, page


@pytest.mark.parametrize(
    ("word", "pages"),
    {
        "poll": {"howto/waiting", "explanation/waiting"},
        "retry": {"howto/settings", "howto/waiting", "explanation/waiting"},
        "timeout": {"howto/settings", "howto/waiting", "cli"},
        "interval": {"howto/settings", "howto/waiting", "cli"},
        "throttle": {"howto/settings", "explanation/waiting"},
    }.items(),
)
def test_the_search_finds_the_usual_words(site: Path, word: str, pages: set[str]) -> None:
    script = (site / "searchindex.js").read_text("utf-8")
    index = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))
    term = SearchEnglish({}).stem(word)  # as the page of the search does

    def found(kind: str) -> set[str]:
        numbers: int | list[int] = index[kind].get(term, [])
        return {index["docnames"][number] for number in (numbers if isinstance(numbers, list) else [numbers])}

    assert pages <= found("terms") | found("titleterms")
    assert pages & found("titleterms"), "headings come first in the results"


def public_classes() -> list[tuple[str, type[object]]]:
    """The public classes, each with the module that users import it from."""
    modules = ["unisync", *(f"unisync.{name}" for name in ("aws_events", "emulator", "stepfunctions"))]
    found = [
        (module, getattr(import_module(module), name)) for module in modules for name in import_module(module).__all__
    ]
    return [(module, item) for module, item in found if isinstance(item, type)]


def fields(item: Any) -> list[str]:
    """The public fields of a model, a record or an enum."""
    if issubclass(item, BaseModel):
        return list(item.model_fields)
    if issubclass(item, Enum):
        return list(item.__members__)
    names = [field.name for field in dataclasses.fields(item)] if dataclasses.is_dataclass(item) else []
    return [name for name in [*names, *getattr(item, "_fields", ())] if not name.startswith("_")]


def literals(annotation: Any) -> set[str]:
    """The values that a type lists."""
    if get_origin(annotation) is Literal:
        return set(map(str, get_args(annotation)))
    return set[str]().union(*map(literals, get_args(annotation)))


@pytest.mark.parametrize(
    ("module", "item"), [pytest.param(*each, id=each[1].__name__) for each in public_classes() if fields(each[1])]
)
def test_the_reference_describes_each_field_with_its_values(site: Path, module: str, item: type[object]) -> None:
    for page in sorted((site / "reference").glob("*.html")):
        text = page.read_text("utf-8")
        if f'id="{module}.{item.__name__}"' in text:
            break
    else:
        pytest.fail("it is on no page")
    if issubclass(item, BaseModel):
        entries = re.findall(rf'id="{module}\.{item.__name__}\.(\w+)"', text)
        assert entries[: len(fields(item))] == fields(item), "before properties and methods"
    arguments = entry(site, page.stem, f"{module}.{item.__name__}")
    for name in fields(item):
        found = re.search(rf'id="{module}\.{item.__name__}\.{name}">.*?</dt>\s*<dd>(.*?)</dd>', text, re.DOTALL)
        described = found is not None and re.sub("<[^>]+>", "", found[1]).strip()
        assert described or re.search(rf" {name} (\(|\u2013)", arguments), name
        if issubclass(item, BaseModel):
            shown = entry(site, page.stem, f"{module}.{item.__name__}.{name}")
            missing = literals(item.model_fields[name].annotation) - set(re.findall(r"'(\w+)'", shown))
            assert not missing, (name, missing)


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
