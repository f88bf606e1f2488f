"""Write the pictures of the sample report in the docs: python tools/generators/pictures.py.

The emulator has the syncs; playwright takes screenshots with the installed Chromium.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import sync_playwright

from unisync import ServiceInstanceSync, StackSync, SyncJob, SyncRef, TwinMakerSync, Unisync
from unisync._render.report import ReportEntry, report
from unisync.emulator import Emulator

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
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
            )
            for outcome in outcomes
        ]
        return report(entries, as_of=datetime.fromtimestamp(aws.clock.time(), UTC), title="Production syncs")


def screenshot(page: Path, name: str, width: int, height: int, scheme: Literal["dark", "light"]) -> None:
    """Take a screenshot of the top of a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        tab.goto(page.as_uri())
        tab.screenshot(path=PICTURES / name)
        browser.close()


def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as directory:
        page = Path(directory) / "report.html"
        page.write_text(sample_report(), "utf-8")
        screenshot(page, "report-light.png", 1000, 1360, "light")
        screenshot(page, "report-dark.png", 1000, 1360, "dark")
        screenshot(page, "report-phone.png", 375, 1100, "light")


if __name__ == "__main__":
    main()
