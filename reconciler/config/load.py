"""The line from a file to desired state: compose, interpolate, read every entry, check the whole, resolve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from reconciler.config.collect import Problems
from reconciler.config.compose import Composer
from reconciler.config.doors import SourceRead, read_crm, read_source
from reconciler.config.events import Unusable
from reconciler.config.expressions import Expressions
from reconciler.config.fields import FieldReader
from reconciler.config.objects import check_objects
from reconciler.config.options import secret_keys
from reconciler.config.permitting import AllowAbout, read_allow, read_checks
from reconciler.config.reading import Places
from reconciler.config.rules import Draft, run_rules
from reconciler.config.sections import (
    check_sections,
    read_contacts,
    read_defaults,
    read_history,
    read_identity,
    read_limits,
    read_refresh,
    read_rules,
)
from reconciler.config.state import read_state
from reconciler.config.store import store_entry
from reconciler.config.tags import entries, read_dynamic_tags, read_score, read_tag
from reconciler.config.tree import Mapping as Tree
from reconciler.model.desired import Desired, Field, Refresh
from reconciler.model.problems import Failure, Place
from reconciler.model.shared import SharedState

if TYPE_CHECKING:
    from reconciler.model.expressions.shaped import Shape

Models = Mapping[str, type[BaseModel]]

_FOLLOW = frozenset({"E112", "E115", "E117", "E118", "E129", "E353", "R101", "R106", "R107"})
"""What may only seem to be wrong while an extended file cannot be read."""


def load(
    path: Path,
    env: Mapping[str, str],
    crm_options: Models,
    source_options: Models,
    digested: bool = True,
    plan_shape: Callable[[], Shape] | None = None,
) -> Desired:
    """What the file at `path` asks for, resolved; warnings lie in `Desired.warnings`.

    `env` fills `${env:NAME}`. The options models are those of the installed adapters, by `type`. `digested`: with the
    digests that a plan needs; checking a file does not. `plan_shape`: of the document that `checks` are about; asked
    for where the file has some. Raises `Failure` with all problems of level error, in the order
    of the file. No text of a secret is in any problem.
    """
    problems = Problems()
    composer = Composer(problems)
    root = composer.filled(path, env)
    check_sections(root, problems)
    problems.levels.update(read_rules(root, problems))
    desired = _read(root, crm_options, source_options, problems, plan_shape)
    state = read_state(root, path, problems)
    if not composer.complete:
        problems.forget(_FOLLOW)
    problems.raise_errors()
    if desired is None:
        raise Failure(problems.in_order())
    resolved = replace(desired, files=tuple(composer.files), warnings=problems.in_order(), state=state)
    return _with_digests(resolved, root, (crm_options, source_options)) if digested else resolved


def refresh_of(path: Path) -> Refresh | None:
    """What the file at `path` says of reading contacts again; None where that cannot be told from it alone. The rest of
    it may be wrong, and no variable is looked at."""
    problems = Problems()
    try:
        found = read_refresh(Composer(problems).compose(path), problems)
    except Unusable:
        return None
    return found if not problems.found else None


def state_of(path: Path, env: Mapping[str, str]) -> SharedState | None:
    """The shared state that the file at `path` names, whatever else is in it; None without one, or where the file is
    none. Raises Failure with what is wrong with that section."""
    problems = Problems()
    composer = Composer(problems)
    try:
        root = composer.compose(path)
    except Unusable:
        return None
    if root.get("state") is None:
        return None
    only = Tree(root.file, root.line, root.column, {k: p for k, p in root.items.items() if k in ("state", "vars")})
    if composer.has_references:
        from reconciler.config.interpolate import Interpolation

        Interpolation(env, problems).fill(only)
    state = read_state(only, path, problems)
    problems.raise_errors()
    return state


def _read(
    root: Tree,
    crm_options: Models,
    source_options: Models,
    problems: Problems,
    plan_shape: Callable[[], Shape] | None,
) -> Desired | None:
    """Every section, then the rules over what could be read; None without a section that nothing works without."""
    crm = read_crm(root, crm_options, problems)
    source = read_source(root, source_options, problems)
    expressions = Expressions(source.types, problems)
    draft = _draft(root, source, expressions, problems)
    limits = read_limits(root, problems)
    checks, declared = read_checks(root, plan_shape, problems)
    subjects = (*draft.declared_tags, *(entry.label for entry in draft.dynamic_tags))
    allow = read_allow(root, AllowAbout(limits, subjects, declared), problems)
    refresh = read_refresh(root, problems)
    history = read_history(root, problems)
    run_rules(draft, expressions, problems)
    if crm is not None:
        check_objects(crm, draft.fields, draft.contacts, problems)
    if crm is None or source.door is None or draft.identity is None:
        return None
    return Desired(
        files=(),
        digest="",
        crm=crm,
        source=source.door,
        identity=draft.identity,
        fields=draft.fields,
        tags=draft.tags,
        dynamic_tags=draft.dynamic_tags,
        scores=draft.scores,
        contacts=draft.contacts,
        limits=limits,
        allow=allow,
        checks=checks,
        rules=problems.levels,
        refresh=refresh,
        history=history,
    )


def _draft(root: Tree, source: SourceRead, expressions: Expressions, problems: Problems) -> Draft:
    identity = read_identity(root, problems)
    reader = FieldReader(
        read_defaults(root, problems),
        source.timezone,
        source.region,
        expressions,
        problems,
    )
    declared = entries(root, "fields", problems)
    if not declared and root.get("fields") is None:
        problems.add(
            "E112", "the section `fields` is missing", Place(root.file.name, 1), "map at least the e-mail field"
        )
    fields = {key: reader.read(key, pair) for key, pair in declared.items()}
    stored = store_entry(identity, declared, source.timezone, source.region)
    declared_tags = entries(root, "tags", problems)
    tags = {name: read_tag(name, pair, expressions, problems) for name, pair in declared_tags.items()}
    declared_scores = entries(root, "scores", problems)
    scores = {name: read_score(name, pair, expressions, problems) for name, pair in declared_scores.items()}
    section = root.get("identity")
    return Draft(
        identity=identity,
        match_place=section.place_of("match") if isinstance(section, Tree) else None,
        fields={key: entry for key, entry in fields.items() if entry is not None} | stored,
        tags={name: tag for name, tag in tags.items() if tag is not None},
        dynamic_tags=read_dynamic_tags(root.get("dynamic_tags"), problems),
        scores={name: rules for name, rules in scores.items() if rules is not None},
        contacts=read_contacts(root, expressions, problems),
        declared_fields=Places(declared) if not stored else {**Places(declared), **_places(stored)},
        declared_tags=Places(declared_tags),
        declared_scores=Places(declared_scores),
        types=source.types or {},
        fields_given=isinstance(root.get("fields"), Tree),
    )


def _places(fields: Mapping[str, Field]) -> dict[str, Place]:
    return {key: entry.where for key, entry in fields.items()}


def _with_digests(desired: Desired, root: Tree, models: tuple[Models, Models]) -> Desired:
    from reconciler.config.digests import entry_digests, file_digest

    crm, source = root.get("crm"), root.get("source")
    if not isinstance(crm, Tree) or not isinstance(source, Tree):
        raise AssertionError("sections that were read are mappings")
    secrets = secret_keys(models[0][desired.crm.type]) | secret_keys(models[1][desired.source.type])
    digests = entry_digests(desired.fields, desired.tags, desired.dynamic_tags, desired.scores)
    with_entries = replace(desired, entry_digests=digests)
    return replace(with_entries, digest=file_digest(with_entries, crm, source, secrets))
