"""What requests carry, as models. Keys that are not named are ignored, as HubSpot does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Value = str | int | float | bool | None
Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]
Id = Annotated[str, Field(coerce_numbers_to_str=True)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)


class OptionInput(Body):
    label: str
    value: Text
    description: str | None = ""
    hidden: bool = False
    displayOrder: int | None = None  # noqa: N815 # HubSpot's key, like the others below


class PropertyCreate(Body):
    name: Name
    label: Text
    type: str
    fieldType: str  # noqa: N815
    groupName: str  # noqa: N815
    description: str | None = ""
    options: list[OptionInput] = []
    displayOrder: int | None = -1  # noqa: N815
    hidden: bool = False
    formField: bool = False  # noqa: N815
    hasUniqueValue: bool = False  # noqa: N815


class PropertyUpdate(Body):
    label: Text | None = None
    type: str | None = None
    fieldType: str | None = None  # noqa: N815
    groupName: str | None = None  # noqa: N815
    description: str | None = None
    options: list[OptionInput] | None = None
    displayOrder: int | None = None  # noqa: N815
    hidden: bool | None = None
    formField: bool | None = None  # noqa: N815


class PropertyCreates(Body):
    inputs: list[Any]


class PropertyName(Body):
    name: str


class PropertyNames(Body):
    inputs: list[PropertyName]
    archived: bool = False


class GroupCreate(Body):
    name: Name
    label: Text
    displayOrder: int | None = -1  # noqa: N815


class GroupUpdate(Body):
    label: Text | None = None
    displayOrder: int | None = None  # noqa: N815


class Record(Body):
    """Of a create, of an update and of an input of a batch."""

    properties: Mapping[str, Value]
    id: Id = ""
    idProperty: str | None = None  # noqa: N815
    objectWriteTraceId: str | None = None  # noqa: N815


class Records(Body):
    inputs: list[Record]


class RecordId(Body):
    id: Id


class RecordIds(Body):
    inputs: list[RecordId]
    properties: list[str] = []
    idProperty: str | None = None  # noqa: N815


class Merge(Body):
    objectIdToMerge: Id  # noqa: N815
    primaryObjectId: Id  # noqa: N815


class Filter(Body):
    propertyName: str  # noqa: N815
    operator: str
    value: str | None = None
    highValue: str | None = None  # noqa: N815
    values: list[str] | None = None


class FilterGroup(Body):
    filters: list[Filter]


class Sort(Body):
    propertyName: str  # noqa: N815
    direction: str = "ASCENDING"


class Search(Body):
    filterGroups: list[FilterGroup] = []  # noqa: N815
    sorts: list[Sort | str] = []
    query: str | None = None
    properties: list[str] | None = None
    limit: int = 10
    after: str | None = None


class ListCreate(Body):
    name: str
    objectTypeId: str  # noqa: N815
    processingType: str  # noqa: N815
    filterBranch: Any = None  # noqa: N815


class ListSearch(Body):
    query: str | None = ""
    count: int = 20
    offset: int = 0
    listIds: list[Id] | None = None  # noqa: N815
    processingTypes: list[str] | None = None  # noqa: N815
    objectTypeId: str | None = None  # noqa: N815
    additionalProperties: list[str] | None = None  # noqa: N815
    sort: str | None = None


class MembershipChange(Body):
    recordIdsToAdd: list[Id] = []  # noqa: N815
    recordIdsToRemove: list[Id] = []  # noqa: N815


class RecordOfType(Body):
    objectTypeId: str  # noqa: N815
    recordId: Id  # noqa: N815


class RecordsOfTypes(Body):
    inputs: list[RecordOfType]


class TokenKey(Body):
    tokenKey: str = ""  # noqa: N815
