"""A site's options, the same out of MariaDB and SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from wordpress_tables import Site
from wp_fusion_world import serialised

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.wp_options import read_options, settings_of_site

SETTINGS = {
    "crm": "hubspot",
    "hubspot_token": "canary",
    "contact_fields": {"user_email": {"active": True, "crm_field": "email", "label": 'Ümläut "🙂" \\ \n\''}},
}


@pytest.fixture(params=["mysql", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(tmp_path, request.getfixturevalue("mysql") if request.param == "mysql" else None, prefix="wpx_").made()


def fill(site: Site, table: str, rows: dict[str, str]) -> None:
    key, charset = "integer PRIMARY KEY", ""
    if site.database:
        key, charset = "bigint AUTO_INCREMENT PRIMARY KEY", " DEFAULT CHARACTER SET utf8mb4"
    site.run(f"CREATE TABLE {table} (option_id {key}, option_name varchar(191), option_value longtext){charset}")
    site.insert(table, "option_name, option_value", list(rows.items()))


def options(of: Site, **more: object) -> WordPressOptions:
    return WordPressOptions.model_validate({"url": of.url, "table_prefix": of.prefix, **more})


def test_options_come_as_they_are_stored_and_no_others(site: Site) -> None:
    written = serialised(SETTINGS)
    fill(site, "wpx_options", {"wpf_options": written, "siteurl": "https://example.org", "wpf_crm_fields": ""})
    found = read_options(options(site), site.folder, ("wpf_options", "wpf_crm_fields", "wpf_available_tags"))
    assert found == {"wpf_options": written, "wpf_crm_fields": ""}


def test_settings_longer_than_a_packet_s_first_part_come_whole(site: Site) -> None:
    many = {f"key_{n}": {"active": True, "type": "text", "crm_field": f"field_{n}"} for n in range(20_000)}
    fill(site, "wpx_options", {"wpf_options": serialised({"crm": "drip", "contact_fields": many})})
    settings = settings_of_site(options(site), site.folder)
    fields = settings.kept["contact_fields"]
    assert isinstance(fields, dict)
    assert len(fields) == 20_000


def test_each_site_of_a_network_has_options_of_its_own(site: Site) -> None:
    fill(site, "wpx_options", {"wpf_options": serialised({**SETTINGS, "crm": "drip"})})
    fill(site, "wpx_3_options", {"wpf_options": serialised(SETTINGS)})
    assert settings_of_site(options(site, site=3), site.folder).kept["crm"] == "hubspot"
    assert settings_of_site(options(site), site.folder).kept["crm"] == "drip"


def test_credentials_are_named_and_not_kept(site: Site) -> None:
    fill(site, "wpx_options", {"wpf_options": serialised(SETTINGS)})
    settings = settings_of_site(options(site), site.folder)
    assert settings.dropped == ("hubspot_token",)
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("more", "table", "fix"),
    [({"table_prefix": "wp_"}, "`wp_options`", "there is `wpx_`"), ({"site": 4}, "`wpx_4_options`", "site=N")],
)
def test_a_site_that_is_not_there_is_named_with_what_is(
    site: Site, more: dict[str, object], table: str, fix: str
) -> None:
    fill(site, "wpx_options", {})
    with pytest.raises(SourceFailed) as caught:
        settings_of_site(options(site, **more), site.folder)
    assert (caught.value.code, caught.value.detail) == ("E433", table)
    assert fix in caught.value.fix
