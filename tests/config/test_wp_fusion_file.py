"""WP Fusion's settings in the shapes of its versions, and the file that each of them becomes.

`wp_fusion/NAME.json` are settings, `golden/wp_fusion_NAME.yaml` is the file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wp_fusion_world import case, cases, export, site

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.settings_csv import settings_of_csv
from reconciler.adapters.wordpress.wp_options import settings_of_site
from reconciler.config import load
from reconciler.config.given import Given
from reconciler.config.wp_fusion import Between, Translated, translated
from reconciler.model.desired import Desired, FromPrevious
from reconciler.model.wp_fusion import Settings, looks_like_credential, sieved

ENV = {"HUBSPOT_TOKEN": "x", "WORDPRESS_DATABASE_URL": "sqlite:///site.db"}


def of_export(folder: Path, name: str) -> Settings:
    file = folder / f"{name}.csv"
    file.write_text(export(case(name)), encoding="utf-8")
    return settings_of_csv(file)


def made(folder: Path, name: str, between: Between | None = None) -> Translated:
    return translated(of_export(folder, name), between or Between())


def loaded(folder: Path, text: str) -> Desired:
    file = folder / "made.yaml"
    file.write_text(text, encoding="utf-8", newline="\n")
    return load(file, ENV, options_models(CRM), options_models(SOURCE))


@pytest.mark.parametrize("name", cases())
def test_settings_become_the_file_that_was_looked_at(
    tmp_path: Path, name: str, golden: Callable[[str, str], None]
) -> None:
    text = made(tmp_path, name).text
    golden(f"wp_fusion_{name}.yaml", text)
    loaded(tmp_path, text)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("name", cases())
def test_an_export_and_the_site_itself_become_the_same_file(tmp_path: Path, name: str, apart: bool) -> None:
    site(tmp_path / "site.db", case(name), apart)
    of_site = settings_of_site(WordPressOptions.model_validate({"url": "sqlite:///site.db"}), tmp_path)
    assert translated(of_site, Between()).text == made(tmp_path, name).text


@pytest.mark.parametrize("name", cases())
def test_nothing_that_looks_like_a_credential_is_kept(tmp_path: Path, name: str) -> None:
    site(tmp_path / "site.db", case(name))
    of_site = settings_of_site(WordPressOptions.model_validate({"url": "sqlite:///site.db"}), tmp_path)
    assert "canary" not in repr((of_export(tmp_path, name), of_site))


def test_what_a_file_says_is_what_was_meant(tmp_path: Path) -> None:
    desired = loaded(tmp_path, made(tmp_path, "hubspot_grouped").text)
    fields, identity = desired.fields, desired.identity
    assert (identity.person, identity.match, identity.link) == ("user_id", "email", "hubspot_contact_id")
    assert (fields["newsletter"].type, fields["newsletter"].default) == ("checkbox", "false")
    assert (fields["note"].type, fields["phone"].type, fields["points"].type) == ("raw", "phone", "integer")
    assert isinstance(fields["old_email"].origin, FromPrevious)
    assert fields["wp_roles"].column == "roles"
    assert [(tags.column, tags.prefix, tags.keep) for tags in desired.dynamic_tags] == [
        ("level", "", True),
        ("topics", "", True),
    ]
    assert sorted(desired.tags) == ["New: customers", "Welcome"]
    assert all(tag.on_create for tag in desired.tags.values())
    assert not {"lastname", "password", "shoe_size", "ip_address", "total"} & set(fields)


ODD = [
    "",
    "yes",
    "007",
    "a: b",
    "#a",
    "[a]",
    "'",
    '"',
    "\\\\",
    "${env:HOME}",
    "a\nb",
    "\x00",
    " a ",
    "<<",
    "é",
    "🙂",
    "x" * 950,
]
KEYS = [
    *ODD,
    "user_email",
    "user_id",
    "ID",
    "role",
    "wp_capabilities",
    "previous_user_email",
    "user_pass",
    "first_name",
]
FIELDS = [*ODD, "email", "Email", "EMAIL", "password", "add_tag_x", "add_tag_", "field[1,0]", "a+b", "name", "Name"]
TYPES = ["", "text", "date", "checkbox", "raw", "multiselect", "country", "state", "int", "tel", "whatever", "\n"]
SWITCH = st.sampled_from([True, False, "1", "", None, {}])
ROWS = st.fixed_dictionaries(
    {"active": SWITCH, "type": st.sampled_from(TYPES), "crm_field": st.sampled_from(FIELDS)},
    optional={"pseudo": SWITCH},
)
HOSTILE = st.fixed_dictionaries(
    {"contact_fields": st.dictionaries(st.sampled_from(KEYS), ROWS | st.sampled_from(ODD), min_size=1, max_size=8)},
    optional={
        "crm": st.sampled_from(["hubspot", "mautic", "drip", *ODD]),
        "assign_tags": st.lists(st.sampled_from(ODD)),
        "user_roles": st.lists(st.sampled_from(ODD)),
        "available_tags": st.dictionaries(st.sampled_from(ODD), st.sampled_from(ODD)),
        "crm_fields": st.dictionaries(
            st.sampled_from(FIELDS), st.sampled_from(["Label", " (read only)", {"email": "x"}])
        ),
        "create_users": SWITCH,
        "push": SWITCH,
        "hubspot_tag_type": st.just("multiselect"),
        "hubspot_multiselect_field": st.sampled_from(ODD),
    },
)
COLUMNS = st.none() | st.sets(st.sampled_from(["roles", "first_name", "yes", "hubspot_contact_id"])).map(
    lambda some: frozenset(some | {"user_id", "user_email"})
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(HOSTILE, COLUMNS)
def test_whatever_the_settings_hold_the_file_can_be_loaded(
    hostile: dict[str, Any], columns: frozenset[str] | None
) -> None:
    text = translated(sieved(hostile), Between(columns=columns)).text
    with tempfile.TemporaryDirectory() as folder:
        loaded(Path(folder), text)


def test_columns_that_the_source_does_not_have_are_left_out(tmp_path: Path) -> None:
    columns = frozenset(("user_id", "user_email", "first_name", "roles"))
    told = Between(Given("local", {"path": "crm.db"}), Given("csv", {"path": "people.csv"}), columns)
    desired = loaded(tmp_path, made(tmp_path, "hubspot_grouped", told).text)
    assert sorted(desired.fields) == ["email", "firstname", "old_email", "wp_id", "wp_role", "wp_roles"]
    assert desired.identity.link is None
    assert desired.crm.type == "local"


def test_a_limit_to_roles_needs_a_source_that_tells_them(tmp_path: Path) -> None:
    told = Between(source=Given("csv", {"path": "p.csv"}), columns=frozenset(("user_id", "user_email")))
    assert "contacts: {create: false}" in made(tmp_path, "hubspot_grouped", told).text


CREDENTIALS = [
    "access_key",
    "license_key",
    "hubspot_token",
    "hubspot_refresh_token",
    "ac_key",
    "mautic_password",
    "autonami_password",
    "birdsend_token",
    "capsule_key",
    "ck_secret",
    "copper_key",
    "drift_token",
    "drip_token",
    "emercury_key",
    "engagebay_key",
    "fluentcrm_rest_password",
    "getresponse_key",
    "growmatik_api_secret",
    "highlevel_api_key",
    "intercom_key",
    "kartra_api_password",
    "klaviyo_key",
    "klicktipp_pass",
    "mailchimp_key",
    "mailjet_password",
    "mailerlite_key",
    "maropost_key",
    "nationbuilder_auth",
    "nationbuilder_token",
    "op_key",
    "platformly_key",
    "pulsetech_secret",
    "quentn_key",
    "salesflare_key",
    "sendinblue_key",
    "sendlane_hash",
    "sf_combined_token",
    "sf_pass",
    "sf_access_token",
    "tubular_key",
    "userengage_key",
    "vtiger_key",
    "vtiger_session",
    "zoho_refresh_token",
    "API_KEY",
    "apiKey",
    "client_secret",
]


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_name_of_a_credential_is_known_as_one(name: str) -> None:
    assert looks_like_credential(name)


def test_no_credential_is_kept_wherever_it_stands_among_the_settings(tmp_path: Path) -> None:
    secrets = dict.fromkeys(CREDENTIALS, "canary")
    within = {"crm": secrets, "assign_tags": {"0": "VIP", **secrets}, "user_roles": {**secrets, "0": {"a": secrets}}}
    hostile = {**case("bare"), **secrets, "api": {"deep": {"deeper": secrets}}, **within}
    site(tmp_path / "site.db", hostile)
    (tmp_path / "wpf.csv").write_text(export(hostile), encoding="utf-8")
    options = WordPressOptions.model_validate({"url": "sqlite:///site.db"})
    for found in (settings_of_csv(tmp_path / "wpf.csv"), settings_of_site(options, tmp_path)):
        assert set(found.dropped) == set(CREDENTIALS)
        assert "canary" not in repr(found) + translated(found, Between()).text


@pytest.mark.parametrize("name", ["crm", "contact_fields", "return_password", "keyboard", "authors", "user_roles"])
def test_a_name_of_something_else_is_not(name: str) -> None:
    assert not looks_like_credential(name)
