"""Settings of another program become a file: read from where they lie, without credentials, and written anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.adapters.source import HasMore
from reconciler.config.given import Given, doors_given
from reconciler.config.wp_fusion import Between, Translated, translated
from reconciler.model.desired import Door
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.model.wp_fusion import Settings
from reconciler.runtime.doors import open_source
from reconciler.runtime.failures import doors_said
from reconciler.runtime.request import Request
from reconciler.runtime.starting import seen_from

_SQLITE = re.compile(r"sqlite:///(?P<path>[^?#$]+)")
_WHO = ("user_id", "user_email")


@dataclass(frozen=True, slots=True)
class Asked:
    """Where WP Fusion's settings lie: an export, or the database of the site that is the `source`. The doors are those
    of the file, as they were typed."""

    settings: Path | None = None
    crm: Given | None = None
    source: Given | None = None


def import_wp_fusion(request: Request, asked: Asked, folder: Path) -> Translated:
    """The settings as a file for `folder`. Writes nothing. Raises Failure."""
    doors = doors_given(asked.crm, asked.source, Path(), request.env, (options_models(CRM), options_models(SOURCE)))
    settings = _settings(request, asked.settings, doors.source)
    rows = settings.kept.get("contact_fields")
    if not isinstance(rows, dict) or not rows:
        raise Failure(problem("E941"))
    columns = _columns(request, doors.source, tuple(rows)) if doors.source else None
    crm, source = (given and _seen_from(given, folder) for given in (asked.crm, asked.source))
    return translated(settings, Between(crm, source, columns))


def _seen_from(given: Given, folder: Path) -> Given:
    """As `seen_from`, of an SQLite file in an address too."""
    found = _SQLITE.fullmatch(given.options.get("url", ""))
    if found is None:
        return seen_from(given, folder)
    path = seen_from(Given(given.type, {"path": unquote(found["path"])}), folder).options["path"]
    return replace(given, options={**given.options, "url": f"sqlite:///{quote(path)}"})


def _settings(request: Request, file: Path | None, source: Door | None) -> Settings:
    if file is not None:
        from reconciler.adapters.wordpress.settings_csv import settings_of_csv

        return settings_of_csv(file)
    if source is None:
        fix = "give `--settings FILE`, an export of them, or `--source wordpress --option url=...`, the site's database"
        raise Failure(problem("E920", "where do WP Fusion's settings lie?", fix=fix))
    from reconciler.adapters.wordpress.options import WordPressOptions

    if not isinstance(source.options, WordPressOptions) or source.options.url is None:
        fix = "give `--settings FILE`, an export of them, or the site's database as --source wordpress --option url=..."
        raise Failure(problem("E920", "the settings lie in no database that `--source` names", fix=fix))
    from reconciler.adapters.wordpress.wp_options import settings_of_site

    with doors_said(source.where):
        return settings_of_site(source.options, request.opening(source, Path()).base)


def _columns(request: Request, door: Door, keys: Sequence[str]) -> frozenset[str]:
    """The source's columns, those of these keys among them. Raises Failure if they are not those of a site."""
    with open_source(door, request.opening(door, Path())) as source:
        columns = frozenset(source.columns())
        if isinstance(source, HasMore):
            columns |= frozenset(source.also([key for key in keys if key not in columns]))
    if missing := [f"`{name}`" for name in _WHO if name not in columns]:
        fix = "let `--source` name a WordPress site, or a file with the columns that such a source has"
        raise Failure(problem("E923", f"the source has no column {' and '.join(missing)}", door.where, fix))
    return columns
