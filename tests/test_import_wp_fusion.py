"""From WP Fusion's settings to a plan: a site and its CRM as WP Fusion left them, and what an import makes of both."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from processes import Ended, reconciler
from wp_fusion_world import export, options, serialised, site, users

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField

LIVE = ("import", "--from", "wp-fusion", "--source", "wordpress", "--option", "source.url=sqlite:///site.db")
LOCAL = ("--crm", "local:crm.db", "-o", "reconciler.yaml")


def row(field: str, type: str = "text", **more: Any) -> dict[str, Any]:
    return {"active": True, "type": type, "crm_field": field, **more}


SETTINGS: dict[str, Any] = {
    "crm": "zoho",
    "zoho_token": "canary",
    "zoho_refresh_token": "canary",
    "access_key": "canary",
    "create_users": True,
    "user_roles": ["customer"],
    "assign_tags": ["Welcome"],
    "crm_fields": {
        "Standard": {"email": "Email", "first_name": "First name", "phone": "Phone"},
        "Custom": {
            "born": "Born",
            "news": "News",
            "likes": "Likes",
            "since": "Since",
            "roles": "Roles",
            "land": "Land",
        },
    },
    "available_tags": ["Welcome", "gold"],
    "contact_fields": {
        "user_email": row("email"),
        "first_name": row("first_name"),
        "dob": row("born", "date"),
        "newsletter": row("news", "checkbox"),
        "topics": row("likes", "multiselect"),
        "user_registered": row("since", "date", pseudo=1),
        "wp_capabilities": row("roles", "multiselect"),
        "billing_country": row("land", "country"),
        "billing_phone": row("phone", "tel"),
        "level": row("add_tag_level"),
        "shoe_size": row("shoe"),
        "user_pass": row("password"),
    },
}


def left_by_wp_fusion(folder: Path, unticked: str) -> None:
    """A site and a CRM in step. `unticked`: what the CRM holds where a box was not ticked."""
    fields = [
        CrmField("born", "Born", "date"),
        CrmField("news", "News", "boolean"),
        CrmField("likes", "Likes", "multiselect"),
        CrmField("since", "Since", "date"),
        CrmField("roles", "Roles", "multiselect"),
        CrmField("land", "Land", "text"),
    ]
    people = {
        "ana@example.org": {"first_name": "Ana", "dob": "1980-02-01", "newsletter": "1", "billing_country": "DE"},
        "bo@example.org": {"first_name": "Bo", "newsletter": "", "topics": serialised(["a", "b"]), "level": "gold"},
    }
    same = {"since": "2024-03-03", "roles": '["customer"]'}
    contacts = [
        {"email": "ana@example.org", "first_name": "Ana", "born": "1980-02-01", "news": "true", "land": "DE", **same},
        {"email": "BO@example.org", "first_name": "Bo", "news": unticked, "likes": '["a","b"]', "phone": "030 1234",
         "$tags": ["gold"], **same},
    ]  # fmt: skip
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        crm.seed(fields, ["Welcome", "gold"], contacts)
        ids = {email: crm.find(email) for email in people}
    for email, meta in people.items():
        meta |= {"wp_capabilities": serialised({"customer": True}), "zoho_contact_id": ids[email] or ""}
    people["bo@example.org"] |= {"billing_phone": "030/1234"}
    people["editor@example.org"] = {"first_name": "Ed", "wp_capabilities": serialised({"editor": True})}
    users(folder / "site.db", people)


def planned(folder: Path) -> tuple[int, dict[str, Any]]:
    ended = reconciler(folder, "plan", "--format", "json", "--detailed-exitcode")
    document: dict[str, Any] = json.loads(ended.out)
    return ended.code, document


def test_the_plan_of_an_unchanged_site_is_empty(tmp_path: Path) -> None:
    left_by_wp_fusion(tmp_path, unticked="false")
    site(tmp_path / "site.db", SETTINGS)
    made = reconciler(tmp_path, *LIVE, *LOCAL)
    assert (made.code, made.out) == (0, "")
    assert reconciler(tmp_path, "validate").code == 0
    code, plan = planned(tmp_path)
    assert (code, plan["outcome"], plan["findings"]) == (0, "none", [])
    assert (plan["summary"]["contacts"]["in_sync"], plan["summary"]["contacts"]["no_contact"]) == (2, 1)


def test_what_the_report_lists_is_all_that_the_plan_does(tmp_path: Path) -> None:
    left_by_wp_fusion(tmp_path, unticked="")
    site(tmp_path / "site.db", {**SETTINGS, "crm": "groundhogg"})
    with closing(LocalCrm(tmp_path / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        ids = [crm.find(email) for email in ("ana@example.org", "bo@example.org")]
    assert None not in ids
    assert reconciler(tmp_path, *LIVE, *LOCAL).code == 0
    assert "WP Fusion left it empty in this" in (tmp_path / "reconciler.yaml").read_text()
    code, plan = planned(tmp_path)
    assert (code, plan["summary"]["values"]["set"]) == (2, 1)
    assert [field["key"] for field in plan["fields"] if field["set"]] == ["news"]
    assert reconciler(tmp_path, "apply", "--auto-approve").code == 0
    assert planned(tmp_path)[0] == 0


def test_an_export_does_without_the_site(tmp_path: Path) -> None:
    (tmp_path / "wpf.csv").write_text(export(SETTINGS), encoding="utf-8")
    ended = reconciler(tmp_path, "import", "--from", "wp-fusion", "--settings", "wpf.csv")
    assert ended.code == 0
    assert ended.err.startswith("Made: 9 fields, 2 tag rules; ")
    (tmp_path / "reconciler.yaml").write_text(ended.out)
    env = {"WORDPRESS_DATABASE_URL": "sqlite:///site.db"}
    assert reconciler(tmp_path, "validate", "--offline", env=env).code == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_no_credential_of_the_settings_comes_out_anywhere(tmp_path: Path) -> None:
    nested = {"zoho": {"token": "canary"}, "list": ["https://user:canary@example.org"]}
    hostile = {
        **SETTINGS,
        "api": nested,
        "mautic_url": "https://u:canary@example.org",
        "assign_tags": {"0": "Welcome", "api_key": "canary", "1": "https://u:canary@example.org/"},
        "user_roles": {"0": "customer", "secret": "canary"},
    }
    left_by_wp_fusion(tmp_path, unticked="")
    site(tmp_path / "site.db", hostile)
    (tmp_path / "wpf.csv").write_text(export(hostile), encoding="utf-8")
    csv = ("import", "--from", "wp-fusion", "--settings", "wpf.csv")
    for line in (LIVE, csv, (*LIVE, "-v"), (*csv, "-o", "made.yaml")):
        ended = reconciler(tmp_path, *line)
        assert ended.code == 0, ended.err
        assert "canary" not in ended.out + ended.err
    assert "canary" not in (tmp_path / "made.yaml").read_text()


def test_a_site_of_a_network_is_named_in_the_file_as_it_was_typed(tmp_path: Path) -> None:
    left_by_wp_fusion(tmp_path, unticked="false")
    site(tmp_path / "site.db", SETTINGS, table="wp_2_options")
    assert reconciler(tmp_path, *LIVE, "--option", "source.site=2", *LOCAL).code == 0
    assert "\n  site: 2\n" in (tmp_path / "reconciler.yaml").read_text()
    ended = reconciler(tmp_path, "validate")
    assert (ended.code, ended.err) == (0, "")


def imported(folder: Path, data: bytes) -> Ended:
    (folder / "wpf.csv").write_bytes(data)
    return reconciler(folder, "import", "--from", "wp-fusion", "--settings", "wpf.csv")


GOOD = export({"crm": "hubspot", "contact_fields": {"user_email": row("email")}})
MALFORMED = [
    ("empty", b"", "E937", "wpf.csv:1", "it is empty"),
    ("white space", b" \n\n", "E937", "wpf.csv:1", "it is empty"),
    ("other columns", b"canary,b,c\n", "E937", "wpf.csv:1", "no two columns"),
    ("one column", b"canary\n", "E937", "wpf.csv:1", "no two columns"),
    ("a quote that is open", GOOD.encode() + b'"crm","canary\n', "E937", "wpf.csv:3", "a quote is not closed"),
    ("semicolons", GOOD.replace('","', '";"').encode(), "E937", "wpf.csv:1", "no two columns"),
    ("another table", b'"id","email"\n"1","canary"\n', "E937", "wpf.csv:1", "`contact_fields`"),
    ("no UTF-8", GOOD.encode() + b'"x","\xff"\n', "E938", "wpf.csv:3", "not UTF-8"),
    ("cut", export({"crm": "x"}).encode() + b'"contact_fields","a:2:{s:6:""canary"";"\n', "E939", "wpf.csv:2",
     "`contact_fields` ends too early"),
    ("an object", GOOD.encode() + b'"assign_tags","a:1:{i:0;O:6:""canary"":0:{}}"\n', "E939", "wpf.csv:3", "an object"),
    ("a wrong length", b'"contact_fields","a:1:{s:4:""canary"";N;}"\n', "E939", "wpf.csv:1", "wrong length"),
    ("no mapping", export({"crm": "x", "contact_fields": {}}).encode(), "E941", "", "reconciler init"),
    ("no list of mappings", b'"contact_fields","1"\n', "E941", "", "reconciler init"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "where", "words"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_settings_that_cannot_be_read_have_a_code_a_place_and_a_way_out(
    tmp_path: Path, data: bytes, code: str, where: str, words: str
) -> None:
    ended = imported(tmp_path, data)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error {code}  {where}")
    assert words in ended.err
    assert "fix: " in ended.err
    assert "canary" not in ended.err


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    ended = imported(tmp_path, b'"contact_fields","a:1:{"\n"crm_fields","a:1:{"\n')
    assert ended.err.count("error E939") == 2


def test_an_export_is_read_however_a_program_saved_it(tmp_path: Path) -> None:
    bare = GOOD.replace('"crm","hubspot"', "crm, hubspot ").replace("\n", "\r\n")
    ended = imported(tmp_path, b"\xef\xbb\xbf" + bare.rstrip().encode())
    assert ended.code == 0
    assert "type: hubspot" in ended.out


def test_an_empty_value_does_not_take_the_next_row_for_itself(tmp_path: Path) -> None:
    ended = imported(tmp_path, b"push,\ncreate_users,\n\n" + GOOD.encode())
    assert ended.code == 0
    assert "push: on_create" in ended.out
    assert "create: false" in ended.out
    assert "type: hubspot" in ended.out


def test_what_is_not_needed_is_not_decoded(tmp_path: Path) -> None:
    ended = imported(tmp_path, GOOD.encode() + b'"lockout","a:9:{broken"\n"hubspot_token","O:1:""canary"""\n')
    assert ended.code == 0


WRONG_SITES = [
    ("no plugin", {}, "E940", "has no row `wpf_options`"),
    ("nothing in it", {"wpf_options": ""}, "E940", "is empty"),
    ("an empty array", {"wpf_options": "a:0:{}"}, "E940", "is empty"),
    ("cut", {"wpf_options": 'a:1:{s:3:"crm";s:6:"canary'}, "E939", "`wpf_options` ends too early"),
    ("an object", {"wpf_options": 'a:1:{s:3:"crm";O:6:"canary":0:{}}'}, "E939", "an object"),
    ("a cut inventory", {"wpf_options": serialised(SETTINGS), "wpf_crm_fields": "a:9:{i:0;"}, "E939", "wpf_crm_fields"),
    ("no mapping", {"wpf_options": serialised({"crm": "canary"})}, "E941", "reconciler init"),
]


@pytest.mark.parametrize(("rows", "code", "words"), [w[1:] for w in WRONG_SITES], ids=[w[0] for w in WRONG_SITES])
def test_a_site_whose_settings_cannot_be_read_is_told_so(
    tmp_path: Path, rows: dict[str, str], code: str, words: str
) -> None:
    users(tmp_path / "site.db", {"ana@example.org": {}})
    options(tmp_path / "site.db", rows)
    ended = reconciler(tmp_path, *LIVE)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error {code}")
    assert words in ended.err
    assert "canary" not in ended.err


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("--from wp-fusion", "E920", "--settings FILE"),
        ("--from wp-fusion --settings nope.csv", "E938", "there is none"),
        ("--from wp-fusion --settings .", "E938", "no regular file"),
        ("--from wp-fusion --source csv:people.csv", "E920", "in no database"),
        ("--from wp-fusion --settings wpf.csv --source csv:people.csv", "E923", "`user_id`"),
        ("--from wp-fusion --settings wpf.csv --person id", "E903", "say who is who"),
        ("--settings wpf.csv", "E903", "--from wp-fusion"),
        ("--from wp-fusio --settings wpf.csv", "E903", "--from"),
        (
            "--from wp-fusion --source wordpress --option url=sqlite:///site.db --option table_prefix=x_",
            "E433",
            "`wp_`",
        ),
        ("--from wp-fusion --source wordpress --option url=sqlite:///no.db", "E401", "sqlite:///PATH"),
        ("--from wp-fusion --source wordpress --option url=mysql://u:canary@h/d", "E120", "env:NAME"),
    ],
)
def test_what_is_wrong_with_the_command_line_is_said_and_nothing_is_written(
    tmp_path: Path, line: str, code: str, words: str
) -> None:
    (tmp_path / "wpf.csv").write_text(GOOD)
    (tmp_path / "people.csv").write_text("id,email\n1,ana@example.org\n")
    site(tmp_path / "site.db", SETTINGS)
    ended = reconciler(tmp_path, "import", *line.split(), "-o", "made.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error {code}")
    assert words in ended.err
    assert "canary" not in ended.err
    assert not (tmp_path / "made.yaml").exists()
