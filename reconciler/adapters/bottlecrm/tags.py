"""BottleCRM's tags, which are archived rather than deleted, and the sets of them that contacts carry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.adapters.bottlecrm.api import Api
from reconciler.adapters.bottlecrm.shapes import Tag, Tagged, Tags
from reconciler.adapters.errors import NotFound
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmTag

_LONGEST = 50  # characters of a name


class TagList:
    """As they were listed last, and changed since. Which tags a contact carries is checked against them: unknown and
    archived ones are ignored by BottleCRM without a word."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._listed = False
        self._tags: dict[str, Tag] = {}

    def sync(self) -> list[CrmTag]:
        tags = self._api.read(Call.SYNC_TAGS, "tags", Tags, (("include_archived", "true"),)).tags
        self._tags, self._listed = {tag.id: tag for tag in tags}, True
        return [CrmTag(tag.id, tag.name) for tag in tags if tag.is_active]

    def check(self, keys: Sequence[str]) -> None:
        """Raises NotFound if one of them is not there."""
        if not self._there(keys):
            self.sync()
        if not self._there(keys):
            raise NotFound("there is no such tag")

    def carried(self, tags: Sequence[str]) -> list[str]:
        """Those of a contact's tags that are not archived."""
        if not all(tag in self._tags for tag in tags):
            self.sync()
        return [tag for tag in tags if tag not in self._tags or self._tags[tag].is_active]

    def add(self, name: str) -> CrmTag:
        self._make_room(Call.ADD_TAG, name)
        return self._named(Call.ADD_TAG, "POST", "tags", name)

    def rename(self, key: str, name: str) -> CrmTag:
        self.check([key])
        self._make_room(Call.RENAME_TAG, name)
        return self._named(Call.RENAME_TAG, "PUT", f"tags/{key}", name)

    def delete(self, key: str) -> None:
        self.check([key])
        self._api.do(Call.DELETE_TAG, "DELETE", f"tags/{key}")
        self._tags[key] = self._tags[key].model_copy(update={"is_active": False})

    def _there(self, keys: Sequence[str]) -> bool:
        return all(key in self._tags and self._tags[key].is_active for key in keys)

    def _make_room(self, kind: Call, name: str) -> None:
        """BottleCRM would bring an archived tag of that name back, together with all who once carried it: that one
        gets another name, and stays archived and carried."""
        if not self._listed:
            self.sync()
        for tag in list(self._tags.values()):
            if not tag.is_active and _slug(tag.name) == _slug(name):
                mark = f" (archived {tag.id[:8]})"
                self._named(kind, "PUT", f"tags/{tag.id}", tag.name[: _LONGEST - len(mark)] + mark)

    def _named(self, kind: Call, method: str, what: str, name: str) -> CrmTag:
        tag = self._api.write(kind, method, what, {"name": name}, Tagged).tag
        self._tags[tag.id] = tag
        return CrmTag(tag.id, tag.name)


def _slug(name: str) -> str:
    """Names with the same letters and digits are one tag there."""
    return "-".join(re.findall(r"\w+", name.casefold()))
