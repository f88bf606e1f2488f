"""Write the pictures of the sample report in the docs: python -m tools.generators.pictures.

The emulator has the syncs; playwright takes screenshots with the installed Chromium. With `--all DIRECTORY`, it writes
there what a designer looks at: the report and the site in light, dark, on a phone and in print, and the commands on
terminals of 80 and 200 columns.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tests.cli.terminal import terminal
from unisync import ServiceInstanceSync, StackSync, SyncJob, SyncRef, TwinMakerSync, Unisync
from unisync._render.report import ReportEntry, report
from unisync.emulator import Emulator

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
SITE = DOCS / "_build" / "html" / "index.html"
"""The site, after `make site`."""
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ROLE = "arn:aws:iam::123456789012:role/sync"
PAYMENTS, ORDERS, LEDGER, SEARCH = (StackSync(f"{name}-prod") for name in ("payments", "orders", "ledger", "search"))
WEB, FACTORY, MISSING = ServiceInstanceSync("web", "prod"), TwinMakerSync("factory"), StackSync("reports-prod")


def sha(prefix: str) -> str:
    """A sha that starts with `prefix`."""
    return prefix + "6b7a80934cde51f2a6b7c8d9e0f1a2b3c4d5e6f7"[len(prefix) :]


def set_up(aws: Emulator, client: Unisync) -> None:
    """Create the syncs of the sample report."""
    for ref in (PAYMENTS, ORDERS, LEDGER, SEARCH):
        aws.add_stack(ref.resource_name, repository="acme/infra", config_file=f"stacks/{ref.resource_name}.yaml")
        aws.push(stack=ref.resource_name, sha=sha("4f2c9e1"), duration=41)
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(service="web", instance="prod", sha=sha("90aa21b"), duration=95)
    aws.add_workspace("factory")
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for number in range(12):
        aws.add_sync_resource("factory", f"mixer-{number}")
    aws.add_sync_resource(
        "factory", "conveyor-7", outcome="ERROR", reason="Asset model conveyor has no property called speed"
    )
    aws.clock.advance(2 * 86_400 + 11_000)
    reason = "Resource handler returned message: “Cannot create a DB instance with storage less than 20 GiB” (RDS, 400)"
    aws.push(stack="orders-prod", sha=sha("bad0c0d"), outcome="FAILED", reason=reason, duration=74)
    aws.clock.advance(160)
    aws.block(
        stack="ledger-prod",
        reason="The stack was updated outside of Git sync. Git sync is disabled until it is resolved.",
    )
    aws.push(stack="ledger-prod", sha=sha("d15ab1e"))
    aws.clock.advance(420)
    aws.push(stack="search-prod", sha=sha("0dd5ead"), duration=60)
    aws.clock.advance(22)
    aws.push(stack="search-prod", sha=sha("f1c5e5a"), duration=60)
    aws.push(service="web", instance="prod", sha=sha("1a57c0d"), duration=120)
    aws.clock.advance(38)


def sample_report() -> str:
    """The HTML of the sample report."""
    refs: list[SyncRef[SyncJob]] = [ORDERS, LEDGER, SEARCH, WEB, FACTORY, PAYMENTS, MISSING]
    with Emulator(clock="manual") as aws, Unisync(**aws.client_options()) as client:
        set_up(aws, client)
        outcomes = client.get_many(refs, include_blockers=True)
        entries = [
            ReportEntry(
                outcome,
                repository=client.repository_status(SEARCH) if outcome.ref == SEARCH else None,
                resources=client.twinmaker.summarize_sync_resources("factory") if outcome.ref == FACTORY else None,
                explanation=client.explain(ORDERS) if outcome.ref == ORDERS else None,
                account="123456789012",
                region="eu-west-1",
            )
            for outcome in outcomes
        ]
        return report(entries, as_of=datetime.fromtimestamp(aws.clock.time(), UTC), title="Production syncs")


class View(NamedTuple):
    """How a page is shown."""

    name: str
    width: int
    height: int
    scheme: Literal["dark", "light"] = "light"
    media: Literal["print", "screen"] = "screen"


LIGHT, DARK = View("light", 1000, 1240), View("dark", 1000, 1240, "dark")
PHONE, PRINT = View("phone", 360, 1100), View("print", 794, 1123, media="print")


@contextmanager
def chromium() -> Generator[Browser]:
    """The installed Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield browser
        browser.close()


def screenshot(browser: Browser, page: str, file: Path, view: View, *, is_whole: bool = False) -> None:
    """Take a screenshot of the top of a page, or of the whole page."""
    tab = browser.new_page(viewport={"width": view.width, "height": view.height}, color_scheme=view.scheme)
    tab.goto(page)
    tab.emulate_media(media=view.media, color_scheme=view.scheme)
    tab.screenshot(path=file, full_page=is_whole)
    tab.close()


def write_pictures(browser: Browser, folder: Path) -> None:
    """Write the pictures that the docs show."""
    page = folder / "report.html"
    page.write_text(sample_report(), "utf-8")
    PICTURES.mkdir(exist_ok=True)
    for view in (LIGHT, DARK, PHONE):
        screenshot(browser, page.as_uri(), PICTURES / f"report-{view.name}.png", view)


COMMANDS = {
    "status": ("status",),
    "explain": ("explain", "codeconnections:orders-prod"),
    "wait": ("wait", "codeconnections:orders-prod", "codeconnections:payments-prod", "codeconnections:ledger-prod"),
    "watch": ("watch", "codeconnections:orders-prod", "codeconnections:search-prod", "twinmaker:factory"),
}
TERMINAL = """<!doctype html><meta charset="utf-8"><title>terminal</title>
<style>body{{background:#16191d;color:#d8dde3;display:inline-block;margin:0;padding:12px}}
pre{{font:13px/1.4 monospace;margin:0}}
.red{{color:#ff7b72}}.green{{color:#7ee787}}.blue{{color:#79c0ff}}.brown{{color:#e3b341}}.magenta{{color:#d2a8ff}}.cyan{{color:#76e3ea}}
</style><pre>{}</pre>
"""


def terminal_page(command: Sequence[str], columns: int, environ: Mapping[str, str]) -> str:
    """What a command shows on a terminal, as HTML. A watch is shown as it is after some seconds."""
    with terminal("-m", "unisync", *command, width=columns, height=48, environ=environ) as screen:
        if command[0] == "watch":
            screen.read_until(lambda: len(re.findall(r"^\d\d:\d\d:\d\dZ", screen.screen(), re.MULTILINE)) > 5)
        else:
            screen.end()
        lines = [
            "".join(
                f'<span class="{colour}"{" style=font-weight:700" if bold else ""}>{escape(text)}</span>'
                for text, colour, bold in line
            )
            for line in screen.runs()
        ]
    return TERMINAL.format("\n".join(lines))


def write_all(browser: Browser, folder: Path) -> None:
    """Write screenshots of everything, for looking at."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(sample_report(), "utf-8")
    for view in (LIGHT, DARK, PHONE, PRINT):
        screenshot(browser, page.as_uri(), folder / f"report-{view.name}.png", view, is_whole=view is not DARK)
        if SITE.exists():
            screenshot(browser, SITE.as_uri(), folder / f"site-{view.name}.png", view)
    with Emulator(clock="manual") as aws, Unisync(**aws.client_options()) as client:
        set_up(aws, client)
        for name, command in COMMANDS.items():
            for columns in (80, 200):
                page = folder / "terminal.html"
                page.write_text(terminal_page(command, columns, aws.environment()), "utf-8")
                view = View("terminal", columns * 8 + 40, 400)
                screenshot(browser, page.as_uri(), folder / f"{name}-{columns}.png", view, is_whole=True)
                page.unlink()


def main() -> None:
    """Write the pictures of the docs, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="DIRECTORY", help="write screenshots of everything there")
    folder: Path | None = parser.parse_args().all
    with chromium() as browser, TemporaryDirectory() as directory:
        if folder is None:
            write_pictures(browser, Path(directory))
        else:
            write_all(browser, folder.resolve())


if __name__ == "__main__":
    main()
