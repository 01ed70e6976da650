"""Contacts in batches of up to 100: 207 if some of the inputs were not carried out and each of them can be told.

They can be told if every input has an `objectWriteTraceId`, which the errors then name. Without one a batch that
fails in one input fails as a whole, and nothing of it is done; so does a batch that names somebody twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.emulators.hubspot import bodies, contacts, records
from reconciler.emulators.hubspot.bodies import Record
from reconciler.emulators.hubspot.call import Answer, Call, check_size, done
from reconciler.emulators.hubspot.errors import Wrong, invalid
from reconciler.emulators.hubspot.records import Shown
from reconciler.emulators.hubspot.standard import EMAIL

Outcome = Shown | Wrong


def read(call: Call) -> Answer:
    asked = call.read(bodies.RecordIds)
    check_size(asked.inputs)
    ids = [item.id for item in asked.inputs]
    shown = records.wanted(call, asked.properties)
    if call.yes("archived"):
        numbers = {id: records.number_of(id) or 0 for id in ids}
        marks = ", ".join("?" * len(numbers))
        gone = records.archived(call, shown, f"AND contact IN ({marks})", list(numbers.values()))
        found: dict[int, Shown] = {int(record["id"]): record for record in gone}
        rows = {id: number for id, number in numbers.items() if number in found}
    else:
        rows = records.rows_of(call, ids, asked.idProperty)
        found = records.by_ids(call, rows.values(), shown)
    missing = [id for id in dict.fromkeys(ids) if id not in rows]
    results = [found[row] for row in dict.fromkeys(rows[id] for id in ids if id in rows)]
    errors = []
    if missing:
        why = Wrong(404, "OBJECT_NOT_FOUND", "Could not get some CONTACT objects, they may be deleted or not exist")
        errors.append(why.of_input({"ids": missing}))
    return done(call, results, errors, 200)


def create(call: Call) -> Answer:
    inputs = _inputs(call)
    _check_distinct([_address(item) for item in inputs])
    results = contacts.add(call, [item.properties for item in inputs])
    shown = contacts.told(call, [row for row in results if isinstance(row, int)])
    return _answered(call, inputs, [shown[row] if isinstance(row, int) else row for row in results], 201)


def update(call: Call) -> Answer:
    inputs = _inputs(call)
    _check_distinct([item.id for item in inputs])
    rows = _rows(call, inputs)
    results = _changed(call, inputs, rows, lambda _item: records.missing())
    return _answered(call, inputs, results, 200)


def upsert(call: Call) -> Answer:
    """By e-mail or another unique property, the same in all inputs."""
    inputs = _inputs(call)
    _check_distinct([item.id.lower() for item in inputs])
    if not inputs[0].idProperty:
        raise invalid("an upsert needs an idProperty")
    rows = _rows(call, inputs)
    new = [item for item, row in zip(inputs, rows, strict=True) if row is None]
    properties = [{item.idProperty or EMAIL: item.id, **item.properties} for item in new]
    added = dict(zip(map(id, new), contacts.add(call, properties) if new else [], strict=True))
    shown = contacts.told(call, [row for row in added.values() if isinstance(row, int)])

    def made(item: Record) -> Outcome:
        result = added[id(item)]
        return {**shown[result], "new": True} if isinstance(result, int) else result

    results = _changed(call, inputs, rows, made)
    told = [one if isinstance(one, Wrong) or "new" in one else {**one, "new": False} for one in results]
    return _answered(call, inputs, told, 200)


def archive(call: Call) -> Answer:
    asked = call.read(bodies.RecordIds)
    check_size(asked.inputs)
    for row in set(records.rows_of(call, [item.id for item in asked.inputs], None).values()):
        records.archive(call, row)
    return Answer(204)


def _changed(
    call: Call, inputs: Sequence[Record], rows: Sequence[int | None], otherwise: Callable[[Record], Outcome]
) -> list[Outcome]:
    """Updates those that have a row; of the others what `otherwise` says."""
    there = [(row, item) for item, row in zip(inputs, rows, strict=True) if row is not None]
    results = iter(contacts.change(call, [(row, item.properties) for row, item in there]))
    names = tuple(dict.fromkeys(name for _row, item in there for name in item.properties))
    shown = contacts.told(call, [row for row, _item in there], names)
    outcomes: list[Outcome] = []
    for item, row in zip(inputs, rows, strict=True):
        result = None if row is None else next(results)
        if result is None:
            outcomes.append(otherwise(item))
        else:
            outcomes.append(result if isinstance(result, Wrong) else shown[result])
    return outcomes


def _answered(call: Call, inputs: Sequence[Record], outcomes: Sequence[Outcome], status: int) -> Answer:
    """Raises the first error if not every input can be told: what was done is undone by the caller then."""
    wrong = next((outcome for outcome in outcomes if isinstance(outcome, Wrong)), None)
    if wrong is not None and not all(item.objectWriteTraceId for item in inputs):
        raise wrong
    results: list[Any] = []
    errors: list[Any] = []
    for item, outcome in zip(inputs, outcomes, strict=True):
        trace = item.objectWriteTraceId
        if isinstance(outcome, Wrong):
            context = {"ids": [item.id]} if outcome.status == 404 else {}
            errors.append(outcome.of_input({**context, "objectWriteTraceId": [trace or ""]}))
        else:
            results.append({**outcome, "objectWriteTraceId": trace} if trace else outcome)
    return done(call, results, errors, status)


def _inputs(call: Call) -> list[Record]:
    inputs = call.read(bodies.Records).inputs
    check_size(inputs)
    if len({item.idProperty for item in inputs}) > 1:
        raise invalid("all inputs must have the same idProperty")
    return inputs


def _rows(call: Call, inputs: Sequence[Record]) -> list[int | None]:
    found = records.rows_of(call, [item.id for item in inputs], inputs[0].idProperty)
    return [found.get(item.id) for item in inputs]


def _check_distinct(ids: Sequence[str]) -> None:
    named = [id for id in ids if id]
    if len(set(named)) != len(named):
        raise invalid("Duplicate IDs found in batch input")


def _address(item: Record) -> str:
    return str(item.properties.get(EMAIL) or "").strip().lower()
