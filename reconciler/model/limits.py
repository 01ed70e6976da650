"""Every limit by its name: what it counts, and where it may be raised."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """`percent`: its numbers are percentages. `per_tag`: it holds for each tag by itself. `in_file`: it may stand under
    `limits`; the others are 0 unless `--allow` or an entry under `allow` says more."""

    name: str
    percent: bool = False
    per_tag: bool = False
    in_file: bool = True


LIMITS: tuple[Limit, ...] = (
    Limit("clear"),
    Limit("create"),
    Limit("create_without_state", in_file=False),
    Limit("delete"),
    Limit("new_fields"),
    Limit("new_tags"),
    Limit("tag_people", per_tag=True),
    Limit("untag", in_file=False),
    Limit("untag_percent", percent=True, per_tag=True),
    Limit("update_percent", percent=True),
    Limit("write_percent", percent=True),
)
"""`create_without_state`: contacts created while no state is known and the CRM holds contacts already. `untag`: people
who lose a tag in the very run in which it becomes ours: all of them or, if they are more, the apply is refused."""

BY_NAME = {limit.name: limit for limit in LIMITS}
