"""Takes the pictures of `docs/report.md` anew: `python -m report_pictures FOLDER`, with Chromium and the font Inter."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from membership import membership
from servers.chromium import Look, chromium

from reconciler.report.html import html_page

PICTURES = {
    "report-light.png": (Look(1180, 980), ""),
    "report-dark.png": (Look(1180, 980, "dark"), "people"),
    "report-telephone-light.png": (Look(360, 760, scale=1.5), ""),
    "report-telephone-dark.png": (Look(360, 760, "dark", scale=1.5), "fields"),
}
"""File -> how the page is looked at, and the section that it is scrolled to."""


def main(target: Path) -> None:
    """Writes every picture of the membership example's plan into that folder."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(html_page(membership(Path(folder)).plan), encoding="utf-8")
        for name, (look, section) in PICTURES.items():
            with browser.page(file, look) as page:
                if section:
                    page.evaluate("document.getElementById('tools').hidden = true")
                    page.evaluate(f"window.scrollTo(0, document.getElementById('{section}').offsetTop - 20)")
                (target / name).write_bytes(page.picture())


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        sys.exit(f"{reason}")
