"""The report in Chromium: nothing is requested, nothing runs, nothing overflows, and all text is readable."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.render.samples import AS_OF, HOSTILE, all_kinds, attempt_with, entry_with, events, outcome_of, resources
from tests.support.samples import git_job, twin_job
from unisync import SyncState
from unisync._render.report import ReportEntry, report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]

Scheme = Literal["dark", "light"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        disabled = ("quic", "gpu", "background-networking", "component-update", "sync")
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{feature}" for feature in disabled)]
        launched = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        yield launched
        launched.close()


@dataclass
class Tab:
    """A page, and everything that it did."""

    page: Page
    log: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        def on_console(message: ConsoleMessage) -> None:
            self.log.append(f"console {message.type}: {message.text}")

        def on_request(request: Request) -> None:
            self.log.append(f"request: {request.url}")

        def on_dialog(dialog: Dialog) -> None:
            self.log.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        self.page.on("console", on_console)
        self.page.on("request", on_request)
        self.page.on("dialog", on_dialog)
        self.page.on("pageerror", lambda error: self.log.append(f"error: {error}"))

    def evaluate(self, script: str) -> Any:
        """The value of a script in the page."""
        return self.page.evaluate(script)


def open_tab(browser: Browser, path: Path, scheme: Scheme = "light", width: int = 1200) -> Tab:
    tab = Tab(browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme))
    tab.page.goto(path.as_uri())
    return tab


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report(all_kinds(), as_of=AS_OF, title="Production"), "utf-8")
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts with HTML, long texts, and long texts without a space."""
    entries = [
        entry_with(HOSTILE),
        entry_with("x" * 1_000_000),
        entry_with("<script>alert(1)</script>"),
        ReportEntry(outcome_of(git_job(attempt_with(*events(*(f"{number} {HOSTILE}" for number in range(300))))))),
        ReportEntry(outcome_of(twin_job(SyncState.ACTIVE)), resources=resources(failed=40, reason="y" * 3_000)),
    ]
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    path.write_text(report(entries, as_of=AS_OF, title=f"Hostile {HOSTILE}"), "utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_nothing_is_requested_and_nothing_runs(
    browser: Browser, request: pytest.FixtureRequest, name: str, scheme: Scheme
) -> None:
    path: Path = request.getfixturevalue(name)
    tab = open_tab(browser, path, scheme)
    tab.page.hover("section")
    tab.page.click("nav a")
    assert tab.log == [f"request: {path.as_uri()}"]
    assert tab.page.title() == ("Production" if name == "sample" else tab.page.inner_text("h1"))
    assert tab.evaluate("document.querySelectorAll('script, img, iframe').length") == 0
    tab.page.close()


def test_hostile_text_runs_in_an_unprotected_page(browser: Browser, tmp_path: Path) -> None:
    """A check of the test above: it would see scripts that run."""
    path = tmp_path / "harmful.html"
    path.write_text(f"<!doctype html><title>t</title>{HOSTILE}", "utf-8")
    tab = open_tab(browser, path)
    tab.page.wait_for_function("true")
    assert "dialog: 1" in tab.log
    tab.page.close()


@pytest.mark.parametrize("width", [320, 360, 1200])
@pytest.mark.parametrize("name", ["sample", "hostile"])
def test_a_page_is_never_wider_than_the_window(
    browser: Browser, request: pytest.FixtureRequest, name: str, width: int
) -> None:
    tab = open_tab(browser, request.getfixturevalue(name), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.page.close()


def shown(tab: Tab, selector: str) -> list[str]:
    """The states of the elements that are displayed."""
    states: list[str] = tab.evaluate(
        f"""[...document.querySelectorAll('{selector}')].filter(each => each.checkVisibility())
            .map(each => [...each.classList].find(name => name.startsWith('s-')).slice(2))"""
    )
    return states


def test_choosing_a_state_hides_the_others_by_mouse_and_by_keyboard(browser: Browser, sample: Path) -> None:
    tab = open_tab(browser, sample)
    everything = shown(tab, "section")
    assert len(everything) == len(all_kinds())
    tab.page.get_by_text("3 FAILED").click(force=True)  # the button lies over it
    assert shown(tab, "section") == shown(tab, "nav li") == ["failed"] * 3
    tab.page.keyboard.press("ArrowRight")
    assert shown(tab, "section") == shown(tab, "nav li") == ["blocked"]
    tab.page.get_by_role("radio", name="2 ACTIVE").check()
    assert (shown(tab, "section"), shown(tab, "nav")) == (["active"] * 2, [])
    tab.page.get_by_role("radio", name="All 13").check()
    assert shown(tab, "section") == everything
    assert tab.log == [f"request: {sample.as_uri()}"]
    tab.page.close()


def test_each_state_of_the_page_can_be_chosen(browser: Browser, sample: Path) -> None:
    tab = open_tab(browser, sample)
    for state in dict.fromkeys(shown(tab, "section")):
        tab.page.locator(f"#show-{state}").check()
        assert set(shown(tab, "section")) == {state}
    tab.page.close()


def test_a_chosen_and_a_focused_state_can_be_seen(browser: Browser, sample: Path) -> None:
    tab = open_tab(browser, sample)
    style = "getComputedStyle(document.querySelector('#show-failed + label{}')).{}"
    before = tab.evaluate(style.format(" .badge", "backgroundColor"))
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("ArrowRight")
    assert tab.evaluate(style.format(" .badge", "backgroundColor")) != before
    assert tab.evaluate(style.format("", "outlineStyle")) == "solid"
    found: list[tuple[str, float]] = tab.evaluate(CONTRASTS)
    assert [(element, contrast) for element, contrast in found if contrast < 4.5] == []
    tab.page.close()


def test_print_shows_every_sync_and_no_controls(browser: Browser, sample: Path) -> None:
    tab = open_tab(browser, sample)
    tab.page.locator("#show-failed").check()
    tab.page.emulate_media(media="print")
    assert len(shown(tab, "section")) == len(all_kinds())
    hidden = "[...document.querySelectorAll('{}')].filter(each => each.checkVisibility()).length"
    assert tab.evaluate(hidden.format("input, legend")) == 0
    assert tab.evaluate("getComputedStyle(document.querySelector('summary.head'), '::before').display") == "none"
    tab.page.close()


def test_print_and_touch_screens_show_the_exact_times(browser: Browser, sample: Path) -> None:
    content = "getComputedStyle(document.querySelector('details time[title]'), '::after').content"
    tab = open_tab(browser, sample)
    assert tab.evaluate(content) == "none"
    tab.page.emulate_media(media="print")
    assert "2026-11-22 12:00:00Z" in tab.evaluate(content)
    tab.page.close()
    phone = browser.new_page(viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True)
    phone.goto(sample.as_uri())
    assert "2026-11-22 12:00:00Z" in phone.evaluate(content)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    widths = (
        "[document.querySelector('.box'), document.querySelector('.box td:last-child')].map(each => each.clientWidth)"
    )
    box, text = phone.evaluate(widths)
    assert text == box
    phone.close()


@pytest.mark.parametrize("width", [320, 1200])
def test_labels_of_a_timeline_do_not_overlap(browser: Browser, sample: Path, width: int) -> None:
    tab = open_tab(browser, sample, width=width)
    overlaps = tab.evaluate(
        """[...document.querySelectorAll('.timeline > svg')].flatMap(svg => {
            const texts = [...svg.querySelectorAll('text')]
            const boxes = texts.map(text => [text.getBoundingClientRect(), text.textContent])
            const beyond = boxes.filter(([box]) => box.right > svg.getBoundingClientRect().right + 1)
            const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
            const overlapping = boxes.flatMap(([a, first], index) =>
                boxes.slice(index + 1).filter(([b]) => overlap(a, b)).map(([, second]) => [first, second]))
            return [...beyond, ...overlapping]
        })"""
    )
    assert overlaps == []
    tab.page.close()


CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const light = ([r, g, b]) => [r, g, b].map(part => part / 255)
        .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0)
    const behind = element => {
        for (let each = element; each; each = each.parentElement) {
            const colour = rgba(getComputedStyle(each).backgroundColor)
            if (colour[3] === 255) return colour
        }
        throw new Error('nothing behind ' + element.outerHTML)
    }
    const contrast = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05)
    const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    return [...document.body.querySelectorAll('*')]
        .filter(element => own(element) && element.tagName !== 'STYLE' && element.tagName !== 'title')
        .map(element => {
            const style = getComputedStyle(element), drawn = element instanceof SVGElement
            const from = drawn ? element.closest('.timeline') : element
            return [element.outerHTML.slice(0, 120), contrast(rgba(drawn ? style.fill : style.color), behind(from))]
        })
}"""


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(
    browser: Browser, sample: Path, scheme: Scheme, media: Literal["print", "screen"]
) -> None:
    tab = open_tab(browser, sample, scheme)
    tab.page.emulate_media(media=media, color_scheme=scheme)
    found: list[tuple[str, float]] = tab.evaluate(CONTRASTS)
    assert len(found) > 200
    assert [(element, contrast) for element, contrast in found if contrast < 4.5] == []
    tab.page.close()


@pytest.mark.parametrize(
    ("media", "scheme", "dark"), [("screen", "dark", True), ("screen", "light", False), ("print", "dark", False)]
)
def test_dark_mode_is_for_dark_screens_only(
    browser: Browser, sample: Path, media: Literal["print", "screen"], scheme: Scheme, dark: bool
) -> None:
    tab = open_tab(browser, sample, scheme)
    tab.page.emulate_media(media=media, color_scheme=scheme)
    for element in ("html", "section"):
        colour: str = tab.evaluate(f"getComputedStyle(document.querySelector('{element}')).backgroundColor")
        assert (int(colour.removeprefix("rgb(").partition(",")[0]) < 128) is dark
    tab.page.close()


def test_print_shows_all_details_and_whole_tables(browser: Browser, hostile: Path) -> None:
    tab = open_tab(browser, hostile)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    tab.page.emulate_media(media="print")
    assert tab.evaluate("[...document.querySelectorAll('.facts')].every(each => each.checkVisibility())")
    tables = "[...document.querySelectorAll('.box')].map(box => [box.clientHeight, box.scrollHeight])"
    for shown, whole in tab.evaluate(tables):
        assert 0 < whole <= shown
    tab.page.close()


def test_the_page_has_names_for_screen_readers(browser: Browser, sample: Path) -> None:
    tab = open_tab(browser, sample)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    drawings = tab.page.get_by_role("img")
    assert drawings.count() == sample.read_text("utf-8").count('role="img"') > 4
    for number in range(drawings.count()):
        assert "Timeline from 2026" in (drawings.nth(number).get_attribute("aria-label") or "")
    assert tab.page.get_by_role("navigation", name="Syncs").count() == 1
    assert tab.page.get_by_role("region", name="codeconnections:payments-prod").count() > 5
    assert tab.page.get_by_role("table").count() > 5
    tab.page.close()


def test_a_card_is_readable_in_light_and_dark_notebooks(browser: Browser, tmp_path: Path) -> None:
    card = all_kinds()[1].outcome._repr_html_()
    for scheme in ("light", "dark"):
        for theme, expected in (("", scheme), ('data-jp-theme-light="true"', "light"), ('class="vscode-dark"', "dark")):
            path = tmp_path / "notebook.html"
            path.write_text(f"<!doctype html><title>n</title><body {theme}>{card}{card}", "utf-8")
            tab = open_tab(browser, path, "dark" if scheme == "dark" else "light")
            found: list[tuple[str, float]] = tab.evaluate(CONTRASTS)
            assert [(element, contrast) for element, contrast in found if contrast < 4.5] == []
            colour: str = tab.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
            assert (int(colour.removeprefix("rgb(").partition(",")[0]) < 128) is (expected == "dark")
            tab.page.close()
