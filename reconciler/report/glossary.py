"""The project's words: one per thing, each with its meaning. `docs/glossary.md` is printed from here."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "ability, capability": "something that a CRM can do, or cannot, with the reason; a CRM's capabilities are all of "
    "them, with its wires and its price list",
    "adopt": "to take over a value that is there already, because a field was newly declared",
    "apply": "to do what the plan says, each planned value once",
    "approve": "to say yes to a plan, at a terminal or with `--auto-approve`",
    "blocked": "planned, but this CRM cannot; the plan says why, and what to do by hand",
    "canonical text": "the one written form of a value of its type; what ours and theirs are compared as",
    "change": "one thing that an apply does; plain data",
    "condition": "the expression of a `when`",
    "conflict": "both sides changed, and the file does not say who wins; nothing is written",
    "contact": "a record on the CRM's side",
    "desired state": "what the file asks for",
    "drift": "a value that somebody else changed in the CRM since it was last agreed on",
    "finding": "something about the data that is left as it is, with its count and the rows of the source",
    "gateway": "what stands between the plan and an adapter: batches, pacing, retries, recovery, counting",
    "guard, limit": "a number in the file that an apply may not exceed; the guard compares it with the plan",
    "held": "a difference that the file's policy keeps from being written",
    "identity": "how people and contacts find each other: the person's column and the field to match by",
    "inventory": "the fields and tags of a CRM",
    "journal": "the list of what an apply meant to do and did, per batch, without values",
    "link": "what is remembered of a pair: this person is that contact",
    "mapping": "an entry of the file that fills a field of the CRM",
    "memo": "what was computed for a row before, kept under its hash",
    "native type": "a CRM's own name for the kind of a field",
    "observed state": "what the CRM and the source hold when the plan is made",
    "pair": "a person and the contact that belongs to them",
    "person": "a record on the source's side",
    "plan": "everything that an apply would do, and everything that it would not, with reasons",
    "problem": "something wrong, with a code, a place, a reason and a way out",
    "pull": "from the CRM to the source",
    "push": "from the source to the CRM",
    "push policy": "when a value may overwrite what the CRM has: `always`, `on_create`, `if_empty`, `never`",
    "released": "declared by the last applied file and not by this one; nothing is done to it",
    "rewritten": "stored by the CRM differently from what was sent; remembered, and no difference",
    "rule": "a check of the file with a code and a name; the file can switch it",
    "run": "one apply, by its name in the journal",
    "scope": "the people that a plan is about",
    "snapshot": "the contacts as they were read last",
    "watermark": "the moment up to which changes of the CRM were read",
    "wire, codec": "how values of one type travel to and from one CRM",
}
