"""Random small worlds, and what an apply makes of one: for the laws that hold in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from reconciler.model.addresses import field_address, person_digest, tag_address
from reconciler.model.desired import DynamicTags, Empty, Expression, Field, Option, Push, Tag
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.plan import Action, Plan, TagAction
from reconciler.planning.observed import Remembered

from .worlds import HERE, KEY, World, mapped, rule, text_field

EMAILS = ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]
SOURCE_EMAILS = [*EMAILS, "A@X.org ", "", None, "nowhere"]
VALUES: Mapping[str, list[str | None]] = {
    "city": ["Bonn", " Bonn", "Graz", "", None, "  "],
    "n": ["1", "02", "much", "", None],
    "out": ["1", "no", "perhaps", "", None],
    "role": ["editor", "Editor", '["editor","author"]', "a:1:{", "VIP", "Role: author", "", None],
    "plan": ["p", "Pro plan", "gold", "", None],
}
LIVE = {
    "city": ["Bonn", "Wien", None],
    "n": ["1", "7", None],
    "out": ["true", "false", None],
    "plan": ["p", "q", None],
}
TAGS = ["VIP", "New", "Role: editor", "Role: guest", "Friend"]
CRM_FIELDS = (
    text_field("city"),
    text_field("n", "integer"),
    text_field("out", "boolean"),
    CrmField("plan", "Plan", "select", (CrmOption("p", "Pro plan"), CrmOption("q", "Q"))),
)

people = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["1", "2", "3", "4", "5", "6", None]),
            "email": st.sampled_from(SOURCE_EMAILS),
            **{column: st.sampled_from(values) for column, values in VALUES.items()},
        }
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def contacts(draw: st.DrawFn) -> list[dict[str, Any]]:
    emails = draw(st.lists(st.sampled_from(EMAILS), unique=True, max_size=4))
    return [
        {
            "id": n,
            "email": email,
            "tags": tuple(draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=3))),
            **{key: draw(st.sampled_from(values)) for key, values in LIVE.items()},
        }
        for n, email in enumerate(emails)
    ]


policies = st.fixed_dictionaries(
    {"push": st.sampled_from(Push), "empty": st.sampled_from(Empty), "default": st.sampled_from([None, "1"])}
)


@st.composite
def fields(draw: st.DrawFn) -> list[Field]:
    options = draw(st.sampled_from([None, (Option("p", "Pro plan", False, HERE), Option("new", None, False, HERE))]))
    made = [
        mapped("city", **draw(policies)),
        mapped("n", type=draw(st.sampled_from([None, "integer", "text"])), **draw(policies)),
        mapped("out", type="checkbox", consent=draw(st.booleans()), **draw(policies)),
        mapped("plan", **draw(policies))._replace(default=None, options=options),
        mapped("fresh", "city", **draw(policies)),
    ]
    return draw(st.lists(st.sampled_from(made), unique_by=lambda f: f.key))


conditions = st.sampled_from(['city == "Bonn"', "n > 1", "true", 'out == "1"'])


@st.composite
def tags(draw: st.DrawFn) -> list[Tag]:
    kinds = st.sampled_from([{}, {"keep": True}, {"on_create": True}])
    return [
        rule(n, draw(conditions), **draw(kinds)) for n in draw(st.lists(st.sampled_from(["VIP", "New"]), unique=True))
    ]


dynamic = st.sampled_from(
    [
        (),
        (DynamicTags("role", HERE, "Role: "),),
        (DynamicTags("role", HERE, "Role: ", max_new=0),),
        (DynamicTags("role", HERE, "Role: ", keep=True),),
        (DynamicTags("role", HERE, "", keep=True), DynamicTags("city", HERE, "", keep=True)),
        (DynamicTags("role", HERE, "", keep=True), DynamicTags("city", HERE, "Role: ")),
    ]
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    expression = st.builds(lambda text: Expression(text, HERE), conditions)
    return World(
        people=draw(people),
        contacts=draw(contacts()),
        fields=draw(fields()),
        crm_fields=CRM_FIELDS,
        tags=draw(tags()),
        crm_tags=TAGS,
        dynamic=draw(dynamic),
        create=draw(st.one_of(st.booleans(), expression)),
        when=draw(st.one_of(st.none(), expression)),
        types={"n": "integer"},
        source_columns=list(VALUES),
    )


def applied(world: World, folder: Path) -> tuple[World, Plan]:
    """The world after its plan was carried out and remembered, and that plan."""
    plan = world.plan(folder, remember=True)
    rows = {str(row["id"]): {**row, "tags": set(row.get("tags", ()))} for row in world.contacts}
    created: list[tuple[bytes, str]] = []
    for change in (row for batch in plan.people.batches() for row in batch.to_pylist()):
        contact = change["contact"]
        if contact is None:
            contact = f"new {change['match']}"
            rows[contact] = {"id": contact, "email": change["match"], "tags": set()}
            created.append((person_digest(KEY, change["person"]), contact))
        rows[contact].update({plan.people.keys[v["field"]]: v["after"] for v in change["values"]})
        for tagging in change["tags"]:
            act = rows[contact]["tags"].add if tagging["action"] == TagAction.APPLY else rows[contact]["tags"].remove
            act(tagging["tag"])
    emails = [row["email"] for row in rows.values()]
    assert len(set(emails)) == len(emails), "no CRM takes one e-mail twice"
    desired = world.desired()
    ruled = [tag.name for tag in world.tags if tag.when is not None]
    remembered = Remembered(
        KEY,
        known=True,
        people=plan.remembers.file if plan.remembers else None,
        created=tuple(created),
        applied=dict.fromkeys([*map(field_address, desired.fields), *map(tag_address, desired.tags)], "digest"),
        marks=frozenset(ruled),
        kept=plan.kept,
    )
    made = [c for c in plan.inventory if c.action is Action.CREATE]
    return (
        replace(
            world,
            contacts=list(rows.values()),
            crm_fields=[*_with_options(world, plan), *(text_field(c.key) for c in made if c.kind == "field")],
            crm_tags=[*world.crm_tags, *(c.key for c in made if c.kind == "tag")],
            remembered=remembered,
        ),
        plan,
    )


def _with_options(world: World, plan: Plan) -> list[CrmField]:
    made: dict[str, tuple[CrmOption, ...]] = {}
    for change in plan.inventory:
        if change.kind == "option":
            option = CrmOption(change.option or "", str(change.deltas[0].after))
            made[change.key] = (*made.get(change.key, ()), option)
    return [replace(f, options=(*f.options, *made.get(f.key, ()))) for f in world.crm_fields]
