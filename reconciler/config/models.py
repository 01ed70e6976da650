"""What each section and entry of the file may hold: the one place where the file's keys are listed.

Reading, near matches and the JSON schema come from these models. Keys that are not carried out yet are listed too, so
that they can be refused as such.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reconciler.config.shapes import (
    Count,
    Day,
    Decimals,
    Duration,
    Expr,
    Flag,
    Name,
    Objects,
    Percent,
    Permission,
    Points,
    Positive,
    Text,
    as_dict,
    as_list,
    choice,
)
from reconciler.config.shorthand import expand_options

Push = Annotated[str, choice("always", "on_create", "if_empty", "never")]
TagPush = Annotated[str, choice("always", "on_create")]
Empty = Annotated[str, choice("skip", "clear")]
Conflict = Annotated[str, choice("report", "source", "crm")]
Consent = Annotated[str, choice("opt_out")]
As = Annotated[str, choice("code", "name")]
Gone = Annotated[str, choice("report", "unlink", "recreate")]
CheckLevel = Annotated[str, choice("error", "warning")]
RuleLevel = Annotated[str, choice("error", "warning", "off")]


class Entry(BaseModel):
    """A part of the file that is made of keys; read from a node of the tree."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _from_tree(cls, node: Any) -> Any:
        return as_dict(node)


class OptionEntry(Entry):
    label: Text | None = Field(None, description="What people see; without it any label will do.")
    absent: Flag = Field(False, description="`true`: the option must not exist.")


Options = Annotated[
    dict[str, OptionEntry],
    BeforeValidator(expand_options, json_schema_input_type=dict[str, OptionEntry | Text | None] | list[Text]),
]
Texts = Annotated[dict[str, Text], BeforeValidator(as_dict, json_schema_input_type=dict[str, Text])]
Names = Annotated[dict[str, Name], BeforeValidator(as_dict, json_schema_input_type=dict[str, Text])]
Levels = Annotated[dict[str, RuleLevel], BeforeValidator(as_dict, json_schema_input_type=dict[str, RuleLevel])]


class FieldEntry(Entry):
    """One CRM field: which it is, what fills it, and who may overwrite whom."""

    from_: Name | None = Field(None, alias="from", description="The source column that fills the field.")
    value: Expr | None = Field(
        None, description="An expression that computes the value, or `previous_email`; pushed only."
    )
    score: Name | None = Field(None, description="The score under `scores` that fills the field; pushed only.")
    map: Texts | None = Field(None, description="Source value: value, before the type reads it; others pass through.")
    type: Text | None = Field(None, description="The value type; default: what the existing CRM field holds.")
    format: Text | None = Field(None, description="How dates (DD/MM/YYYY) or numbers (1.234,56) are written.")
    decimals: Decimals | None = Field(None, description="How many decimals a number is compared at.")
    default: Text | None = Field(None, description="Stands in for an empty or missing value.")
    as_: As | None = Field(None, alias="as", description="Countries and states: by code or by name.")
    country: Name | None = Field(None, description="The source column that names the country of a state.")
    timezone: Name | None = Field(None, description="IANA name, of times without one; default: the source's.")
    region: Name | None = Field(None, description="Two letters, of phone numbers without a country code.")
    push: Push | None = Field(None, description="When a value may go to the CRM.")
    pull: Flag | None = Field(None, description="Whether a value that was changed in the CRM goes into the source.")
    empty: Empty | None = Field(None, description="Whether an empty travels.")
    conflict: Conflict | None = Field(None, description="Who wins where both sides have changed, with `pull`.")
    consent: Consent | None = Field(None, description="`opt_out`: true on either side wins and is never taken back.")
    label: Text | None = Field(None, description="What people see in the CRM.")
    group: Text | None = Field(None, description="The group of fields in which the CRM shows it.")
    options: Options | None = Field(None, description="Stored value: label. Declared ones must exist, others stay.")
    renamed_from: Name | None = Field(None, description="The field's key before it was renamed.")
    keys: Names | None = Field(None, description="Object of the CRM: the field's key there, where it is another.")
    absent: Flag = Field(False, description="`true`: the field must not exist; the only way to ask for a removal.")


class TagEntry(Entry):
    """One tag; without `when` it must exist, and who carries it is not ours."""

    when: Expr | None = Field(None, description="Who carries the tag.")
    keep: Flag = Field(False, description="Applied, never taken away.")
    push: TagPush | None = Field(None, description="`on_create`: only contacts that this tool creates.")
    renamed_from: Name | None = Field(None, description="The tag's name before it was renamed.")
    absent: Flag = Field(False, description="`true`: the tag must not exist; the only way to ask for a removal.")


class DynamicTagEntry(Entry):
    """One tag for each value of a column; tags with this prefix are ours."""

    from_: Name = Field(alias="from", description="The source column.")
    prefix: Text = Field("", description="How the names of these tags begin: two characters or more.")
    max_new: Count = Field(20, description="Above this many new tags none is created.")
    keep: Flag = Field(False, description="Applied, never taken away; needed without `prefix`.")


class ScoreRuleEntry(Entry):
    when: Expr = Field(description="Who gets the points.")
    points: Points = Field(description="How many; may be negative.")


ScoreRules = Annotated[list[ScoreRuleEntry], BeforeValidator(as_list, json_schema_input_type=list[ScoreRuleEntry])]


class RateEntry(Entry):
    calls: Positive
    per: Duration


class CrmSection(Entry):
    """The CRM; the adapter's own options stand beside these keys."""

    type: Name = Field(description="The adapter.")
    object: Objects = Field("contact", description="The kind of object; or several, looked up in that order.")
    account: Text | None = Field(None, description="Refuse to touch any other account.")
    rate: RateEntry | None = Field(None, description="At most so many calls in so long a time.")


class SourceSection(Entry):
    """Where people come from; the adapter's own options stand beside these keys."""

    type: Name = Field(description="The adapter.")
    types: Names | None = Field(None, description="How columns read in expressions; every other column is text.")
    timezone: Name | None = Field(None, description="IANA name, of times without one; default UTC.")
    region: Name | None = Field(None, description="Two letters, of phone numbers without a country code.")


class IdentitySection(Entry):
    """Who is who."""

    person: Name = Field(description="The source column that names a person for ever.")
    match: Name = Field(description="The CRM field by which a person without a link is looked up.")
    link: Name | None = Field(None, description="The source column that holds the CRM's contact id.")
    store: Name | None = Field(None, description="The CRM field that keeps the person's id.")


class DefaultsSection(Entry):
    """What holds for every field that does not say otherwise."""

    push: Push = "always"
    pull: Flag = False
    empty: Empty = "skip"
    conflict: Conflict = "report"


class ContactsSection(Entry):
    """Which contacts are created, and who is in scope."""

    create: Permission = Field(False, description="Whether, or for whom, contacts are created.")
    create_as: Name | None = Field(None, description="The object that people are created as; default: the first.")
    when: Expr | None = Field(None, description="Who is in scope; default: everybody.")
    status: Name | None = Field(None, description="The status of created contacts.")
    gone: Gone = Field("report", description="Whose contact is gone: a finding, found anew, or created anew.")


class LimitsSection(Entry):
    """Guards on `apply`; percentages are of the linked people in scope."""

    create: Count | None = Field(None, description="Contacts created; default 1000.")
    update_percent: Percent | None = Field(None, description="Contacts overwritten or cleared; default 30.")
    untag_percent: Percent | None = Field(None, description="Of one tag's carriers; default 10.")
    tag_people: Count | None = Field(None, description="Contacts that one tag is applied to; default 500.")
    clear: Count | None = Field(None, description="Values cleared; default 0.")
    delete: Count | None = Field(None, description="Fields, options and tags removed; default 0.")
    new_tags: Count | None = Field(None, description="Tags created; default 50.")
    new_fields: Count | None = Field(None, description="Fields created; default 20.")
    write_percent: Percent | None = Field(None, description="People whose row in the source is written; default 5.")
    min_people: Count | None = Field(None, description="Below this many people percentages do not count; default 20.")


class AllowEntry(Entry):
    """A limit that may be exceeded, or a check that may fail, through a last day."""

    limit: Name | None = Field(None, description="The limit, as `limits` and `--allow` name it.")
    up_to: Count | None = Field(None, description="The number that is allowed instead.")
    subject: Name | None = Field(None, description="Of a limit per tag: this tag alone.")
    check: Name | None = Field(None, description="The code of a check that may fail.")
    reason: Text = Field(description="Why; shown in every plan that makes use of it.")
    until: Day = Field(description="The last day on which it counts, in UTC.")


class CheckEntry(Entry):
    """What no plan may be."""

    deny: Expr = Field(description="An expression over `plan`, the plan's JSON; no apply while it is true.")
    message: Text = Field(description="What is not allowed, and whom to ask.")
    level: CheckLevel = Field("error", description="`error` stops an apply, `warning` is said.")


class RefreshSection(Entry):
    """When contacts are read in full."""

    full_every: Duration | None = Field(None, description="Read all contacts at least so often; default 14d.")


class StateSection(Entry):
    """Where what is remembered lies; the options of its type stand beside these keys."""

    type: Name = Field(description="`local`, `postgres` or `s3`.")
    name: Name | None = Field(None, description="Which of the states there; default: the file's name.")
    lease: Duration | None = Field(None, description="How long an apply may be silent; default 60s.")


class HistorySection(Entry):
    """What is kept of runs beyond digests."""

    undo: Flag = Field(False, description="Keep what applies overwrite, encrypted, so that `undo` can put it back.")
    keep: Duration | None = Field(None, description="How long that is kept; default 30d.")
    key: Text | None = Field(None, description="A secret of its own to encrypt it with: ${env:NAME} or ${file:PATH}.")


SECTIONS = (
    "version",
    "extends",
    "vars",
    "crm",
    "source",
    "identity",
    "defaults",
    "fields",
    "tags",
    "dynamic_tags",
    "scores",
    "contacts",
    "limits",
    "allow",
    "checks",
    "rules",
    "refresh",
    "snapshot",
    "state",
    "history",
)
"""The keys of the file itself; `schema.Document` says what each of them holds."""
