"""The files of docs/writing-an-adapter.md."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "writing-an-adapter.md"


def write_package(folder: Path) -> None:
    """The page's files into that folder, installed as far as an entry point goes."""
    text = PAGE.read_text(encoding="utf-8")
    files = re.findall(r"\*\*`(\w+\.py)`\*\*\n\n```python\n(.*?)```\n", text, re.DOTALL)
    assert [name for name, _ in files] == ["acme.py", "acme_server.py", "test_acme.py"]
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    about = folder / "acme-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    ((group, adapter),) = re.findall(r'```toml\n\[project\.entry-points\."([\w.]+)"\]\nacme = "([\w:]+)"\n```', text)
    (about / "entry_points.txt").write_text(f"[{group}]\nacme = {adapter}\n")
