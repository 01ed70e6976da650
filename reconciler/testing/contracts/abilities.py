"""Which calls an ability needs: what holds an adapter's claims about how it was checked to what was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.model.capabilities import Ability, Call, Checked

CALLS: Mapping[Ability, tuple[Call, ...]] = {
    Ability.ADD_FIELD: (Call.ADD_FIELD,),
    Ability.RENAME_FIELD: (Call.UPDATE_FIELD,),
    Ability.RELABEL_FIELD: (Call.UPDATE_FIELD,),
    Ability.REGROUP_FIELD: (Call.UPDATE_FIELD,),
    Ability.DELETE_FIELD: (Call.DELETE_FIELD,),
    Ability.ADD_OPTION: (Call.UPDATE_FIELD,),
    Ability.RELABEL_OPTION: (Call.UPDATE_FIELD,),
    Ability.DELETE_OPTION: (Call.UPDATE_FIELD,),
    Ability.ADD_TAG: (Call.ADD_TAG,),
    Ability.RENAME_TAG: (Call.RENAME_TAG,),
    Ability.DELETE_TAG: (Call.DELETE_TAG,),
    Ability.SET_STATUS: (Call.ADD_CONTACTS,),
    Ability.CLEAR_VALUE: (Call.UPDATE_CONTACTS,),
    Ability.TELL_MERGES: (Call.LOAD_CONTACTS, Call.ALL_CONTACTS),
}
"""Ability -> the kinds of calls that carry it out, all of them."""


def unseen(
    checked: Mapping[Ability, Collection[Checked]], way: Checked, seen: Iterable[Call]
) -> Mapping[Ability, list[Call]]:
    """Abilities that are said to be checked that way -> their calls that were not answered with success there."""
    succeeded = set(seen)
    missing = {a: [c for c in CALLS[a] if c not in succeeded] for a, ways in checked.items() if way in ways}
    return {ability: calls for ability, calls in missing.items() if calls}
