"""Desired state: what the file asks for, resolved, with the place of every entry.

`config` makes it, everything else reads it. Nothing here knows YAML or a CRM. What is small is a tuple: every run makes
these classes anew, and making a dataclass takes as long as reading a page of the file. (Annotations are objects here,
not texts, for the same reason: a tuple would compile each text.) Where two of them are told apart by their class alone,
as origins are, they are dataclasses: tuples of the same content are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from reconciler.model.problems import Level, Place
from reconciler.model.shared import SharedState

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Push(StrEnum):
    """When a value may go to the CRM."""

    ALWAYS = "always"
    ON_CREATE = "on_create"
    IF_EMPTY = "if_empty"
    NEVER = "never"


class Empty(StrEnum):
    """Whether an empty travels."""

    SKIP = "skip"
    CLEAR = "clear"


class Conflict(StrEnum):
    """Who wins where both sides of a two-way value moved; REPORT: nobody, until somebody says so."""

    REPORT = "report"
    SOURCE = "source"
    CRM = "crm"


class Gone(StrEnum):
    """What becomes of a person whose contact is not there any more."""

    REPORT = "report"
    UNLINK = "unlink"
    RECREATE = "recreate"


class Expression(NamedTuple):
    """CEL text and where it stands. Compile with `model.expressions.compile_expression`."""

    text: str
    where: Place


@dataclass(frozen=True, slots=True)
class FromColumn:
    """The value is a source column."""

    column: str


@dataclass(frozen=True, slots=True)
class FromExpression:
    """The value is computed; pushed only."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class FromScore:
    """The value is the sum of the points of a named score; pushed only."""

    score: str


@dataclass(frozen=True, slots=True)
class FromPrevious:
    """The value is what another value was before this plan changes it; pushed only, in the same write. `of`: "email",
    the address by which people are looked up."""

    of: str


Origin = FromColumn | FromExpression | FromScore | FromPrevious


class Option(NamedTuple):
    """A declared choice: must exist with this label (None: any label), or must not exist (`absent`)."""

    value: str
    label: str | None
    absent: bool
    where: Place


class Field(NamedTuple):
    """One entry under `fields`. `origin` None: the field must exist, its values are not ours.

    `type` None: what the existing CRM field holds, `text` for a new one. `type` is already the canonical name
    (aliases are resolved by `config`). `options` None: not declared. `timezone` and `region` are resolved from the
    source's when the entry has none. `where_of` gives the place of a single key of the entry, for messages. `keys`:
    object of the CRM -> the field's key there, where it is another.
    """

    key: str
    where: Place
    origin: Origin | None = None
    type: str | None = None
    format: str | None = None
    decimals: int | None = None
    map: Mapping[str, str] = _NOTHING
    default: str | None = None
    as_: str | None = None
    country: str | None = None
    timezone: str = "UTC"
    region: str | None = None
    push: Push = Push.ALWAYS
    pull: bool = False
    empty: Empty = Empty.SKIP
    conflict: Conflict = Conflict.REPORT
    consent: bool = False
    label: str | None = None
    group: str | None = None
    options: tuple[Option, ...] | None = None
    renamed_from: str | None = None
    absent: bool = False
    where_of: Mapping[str, Place] = _NOTHING
    keys: Mapping[str, str] = _NOTHING

    @property
    def column(self) -> str | None:
        """The source column, if the value comes straight from one."""
        return self.origin.column if isinstance(self.origin, FromColumn) else None


class Tag(NamedTuple):
    """One entry under `tags`. `when` None: the tag must exist, who carries it is not ours."""

    name: str
    where: Place
    when: Expression | None = None
    keep: bool = False
    on_create: bool = False
    renamed_from: str | None = None
    absent: bool = False


class DynamicTags(NamedTuple):
    """One entry under `dynamic_tags`: a tag per value of a column. `prefix` "" only together with `keep`."""

    column: str
    where: Place
    prefix: str = ""
    max_new: int = 20
    keep: bool = False

    @property
    def label(self) -> str:
        """How its tags are called together: single names are made from people's values."""
        return f"{self.prefix}*" if self.prefix else f"* (from {self.column})"


class ScoreRule(NamedTuple):
    when: Expression
    points: Decimal


class Identity(NamedTuple):
    """`person`: source column that names a person for ever; `match`: CRM field key to look people up by. `link`: source
    column that holds contacts' ids; `store`: key of the CRM field that keeps the person's id."""

    person: str
    match: str
    where: Place
    link: str | None = None
    store: str | None = None
    where_of: Mapping[str, Place] = _NOTHING

    @property
    def outlives_state(self) -> bool:
        """Whether people find their contacts without the state, whatever their addresses have become."""
        return self.link is not None or self.store is not None


class Contacts(NamedTuple):
    """`create`: False, True, or an expression that says who may be created. `when`: who is in scope. `create_as`: the
    object that people are created as; None: the first."""

    create: bool | Expression = False
    when: Expression | None = None
    status: str | None = None
    where: Place | None = None
    gone: Gone = Gone.REPORT
    create_as: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Guards on `apply`. Percentages are of the linked people in scope and do not count below `min_people`."""

    create: int = 1000
    update_percent: int = 30
    untag_percent: int = 10
    tag_people: int = 500
    clear: int = 0
    delete: int = 0
    new_tags: int = 50
    new_fields: int = 20
    write_percent: int = 5
    min_people: int = 20
    where_of: Mapping[str, Place] = field(default_factory=dict)
    where: Place | None = None


class Allowance(NamedTuple):
    """One entry under `allow`: through the day `until`, UTC, `limit` may be exceeded up to `up_to`, for the tag
    `subject` alone where one is named; or the check of the code `check` may fail."""

    reason: str
    until: date
    where: Place
    limit: str = ""
    up_to: int = 0
    subject: str = ""
    check: str = ""


class PlanCheck(NamedTuple):
    """One entry under `checks`: what no plan may be. `deny` is CEL over the plan's document, under the name `plan`."""

    code: str
    deny: Expression
    message: str
    where: Place
    level: Level = Level.ERROR


FORTNIGHT = 14 * 86_400


class Refresh(NamedTuple):
    """All contacts are read at least every `full_every` seconds; between, what changed, if a `snapshot` is kept."""

    full_every: int = FORTNIGHT
    snapshot: bool = True


MONTH = 30 * 86_400


class History(NamedTuple):
    """`undo`: applies keep what they overwrite, so many seconds, encrypted with `key` or else with the state's."""

    undo: bool = False
    keep: int = MONTH
    key: str | None = None


class Door(NamedTuple):
    """The `crm` or `source` section: which adapter, and its validated options (a pydantic model of that adapter).

    `rate`: calls a second that the file allows; None: the vendor's limit. `where_of`: places of single keys (`type`,
    `types.COLUMN`). `label`: what a plan's first line may call it. `object`: of several, all of them in order, as
    `contact, lead`.
    """

    type: str
    options: Any
    where: Place
    object: str = "contact"
    account: str | None = None
    types: Mapping[str, str] = _NOTHING
    timezone: str = "UTC"
    region: str | None = None
    label: str = ""
    rate: float | None = None
    where_of: Mapping[str, Place] = _NOTHING

    @property
    def objects(self) -> tuple[str, ...]:
        """The kinds of objects, in the order in which people are looked up."""
        return tuple(self.object.split(", "))


@dataclass(frozen=True, slots=True)
class Desired:
    """The whole file, resolved. `digest` covers everything that can change a plan, secrets excluded.

    `entry_digests`: address (`field.KEY`, `tag["NAME"]`, `dynamic_tags["PREFIX"]`) -> hex digest of that entry; what
    tells a change of the file from a change of the data. `files`: every file read, the main one first. `state`: where
    what is remembered lies; None: in a folder of this machine.
    """

    files: tuple[str, ...]
    digest: str
    crm: Door
    source: Door
    identity: Identity
    fields: Mapping[str, Field]
    tags: Mapping[str, Tag] = field(default_factory=dict)
    dynamic_tags: tuple[DynamicTags, ...] = ()
    scores: Mapping[str, tuple[ScoreRule, ...]] = field(default_factory=dict)
    contacts: Contacts = field(default_factory=Contacts)
    limits: Limits = field(default_factory=Limits)
    allow: tuple[Allowance, ...] = ()
    checks: Mapping[str, PlanCheck] = field(default_factory=dict)
    rules: Mapping[str, Level] = field(default_factory=dict)
    refresh: Refresh = field(default_factory=Refresh)
    history: History = field(default_factory=History)
    entry_digests: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Any, ...] = ()
    state: SharedState | None = None
