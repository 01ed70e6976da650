"""`discover` and `init` on a WordPress site in SQLite, as they are typed: groups, what is hidden, and no value in it.

Every value of the site holds a canary, and so does one key, which some program made of an address.
"""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_process import SCRIPT, finished
from tests.report.json_schema import parsed

WORD = "qzxkanari"
NUMBER = "91827364"
SITE = ("--source", "wordpress", "--option", "source.url=sqlite:///site.db")
USERS = 24
META = {
    "first_name": f"{WORD}{{n}}",
    "nickname": WORD,
    "rich_editing": "true",
    "wp_capabilities": 'a:1:{{s:10:"subscriber";b:1;}}',
    "billing_phone": f"+49 30 {NUMBER}",
    "billing_city": f"{WORD} {{n}}",
    "shipping_city": WORD,
    "course_12_access_from": "17{n:02}234567",
    "learndash_last_known_page": NUMBER,
    "renewal": "202611{n:02}",
    "_renewal": "field_64a1b2c3d4e5f",
    "interests": f'a:1:{{{{i:0;s:9:"{WORD}";}}}}',
    "tree": f'a:1:{{{{i:0;a:1:{{{{i:0;s:9:"{WORD}";}}}}}}}}',
    "cut": f'a:1:{{{{i:0;s:99:"{WORD}',
    f"{WORD}@example.org": WORD,
    "session_tokens": WORD,
    "billing_empty": "",
}
TABLES = """\
CREATE TABLE wp_users (ID integer PRIMARY KEY, user_login text, user_pass text, user_nicename text, user_email text,
  user_url text, user_registered text, user_activation_key text, user_status integer, display_name text);
CREATE TABLE wp_usermeta (umeta_id integer PRIMARY KEY, user_id integer, meta_key text, meta_value text);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "site.db")) as site, site:
        site.executescript(TABLES)
        for n in range(10, 10 + USERS):
            named = [
                f"{WORD}{n}",
                WORD,
                f"{WORD}{n}",
                f"{WORD}{n}@example.org",
                "",
                f"2024-03-{n % 28 + 1:02} 10:00:00",
            ]
            site.execute(f"INSERT INTO wp_users VALUES ({n}, ?, ?, ?, ?, ?, ?, '', 0, ?)", [*named, WORD])
            meta = [(n, key, value.format(n=n % 19 + 10)) for key, value in META.items()]
            site.executemany("INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (?, ?, ?)", meta)
    return tmp_path


def said(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return finished(str(SCRIPT), "-C", str(folder), *arguments)


def test_columns_stand_below_the_program_that_keeps_them(folder: Path) -> None:
    done = said(folder, "discover", *SITE)
    assert (done.returncode, done.stderr) == (0, "")
    table = done.stdout.split("\nPerson ")[0]
    headings = [line for line in table.splitlines()[1:] if line and not line.startswith(" ")]
    assert headings == ["Core", "WooCommerce billing", "WooCommerce shipping", "LearnDash", "ACF", "Additional"]
    assert "rich_editing" not in done.stdout
    assert "Hidden     4 columns that programs keep for themselves; --all shows them" in done.stdout
    assert "1 column named like an address, a date or a number" in done.stdout
    assert (
        "\n  # # LearnDash\n  # course_12_access_from: {from: course_12_access_from, type: datetime}\n" in done.stdout
    )
    assert "\n  # interests: {from: interests, type: multiselect}\n" in done.stdout


def test_all_shows_what_is_hidden_and_proposes_none_of_it(folder: Path) -> None:
    done = said(folder, "discover", *SITE, "--all")
    assert done.returncode == 0
    hidden = ("rich_editing", "wp_capabilities", "learndash_last_known_page", "_renewal")
    lines = {
        name: [line.split() for line in done.stdout.splitlines() if line.startswith(f"  {name} ")] for name in hidden
    }
    assert all("left out" in " ".join(line) for found in lines.values() for line in found)
    assert [len(found) for found in lines.values()] == [1, 1, 1, 1]
    assert "--all shows" not in done.stdout
    assert "session_tokens" not in done.stdout


def test_json_names_the_group_of_each_column_and_counts_what_is_hidden(folder: Path) -> None:
    document = parsed(said(folder, "discover", *SITE, "--format", "json").stdout)
    columns = {c["name"]: c for c in document["columns"]}
    assert columns["billing_city"]["group"] == "WooCommerce billing"
    assert columns["renewal"]["group"] == "ACF"
    assert (columns["renewal"]["type"], columns["renewal"]["format"]) == ("date", "YYYYMMDD")
    assert (columns["user_id"]["group"], document["person"], document["email"]) == ("Core", "user_id", "user_email")
    assert not any(c["internal"] for c in columns.values())
    assert (document["hidden"], document["unnamed"]) == (4, 1)
    whole = parsed(said(folder, "discover", *SITE, "--format", "json", "--all").stdout)
    assert (whole["hidden"], sum(c["internal"] for c in whole["columns"])) == (0, 4)


def test_other_sources_have_no_groups_and_hide_nothing(folder: Path) -> None:
    (folder / "people.csv").write_text("user_id,rich_editing\n1,true\n2,false\n")
    document = parsed(said(folder, "discover", "--source", "people.csv", "--format", "json").stdout)
    assert [(c["name"], c["group"], c["internal"]) for c in document["columns"]] == [
        ("user_id", "", False),
        ("rich_editing", "", False),
    ]
    assert document["hidden"] == 0


def test_the_first_file_of_a_site_validates_and_names_no_hidden_key(folder: Path) -> None:
    assert said(folder, "init", "--crm", "local:crm.db", *SITE).returncode == 0
    text = (folder / "reconciler.yaml").read_text(encoding="utf-8")
    assert "identity: {person: user_id, match: email}" in text
    assert "rich_editing" not in text
    assert WORD not in text
    assert said(folder, "validate").returncode == 0


def test_what_the_file_maps_is_shown(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(
        "version: 1\ncrm: {type: local, path: crm.db}\nsource: {type: wordpress, url: 'sqlite:///site.db'}\n"
        "identity: {person: user_id, match: email}\nfields: {email: user_email, editor: rich_editing}\n"
    )
    done = said(folder, "discover")
    assert done.returncode == 0
    assert "Hidden     3 columns" in done.stdout
    assert any(line.split()[:1] == ["rich_editing"] for line in done.stdout.splitlines())


@pytest.mark.parametrize("more", [(), ("--all",), ("--yaml",), ("--format", "json"), ("--format", "json", "--all")])
def test_no_value_comes_out(folder: Path, more: tuple[str, ...]) -> None:
    done = said(folder, "discover", *SITE, *more, "-vv")
    assert done.returncode == 0
    assert len(done.stdout) > 500
    for canary in (WORD, NUMBER):
        assert canary not in done.stdout + done.stderr
