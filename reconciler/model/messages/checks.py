"""Messages about `allow`, `checks` and their tests (R33x, E35x, E595 to E599); see the package's docstring."""

from __future__ import annotations

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level

CHECKS: tuple[Message, ...] = (
    Message(
        "R330",
        "an entry under `allow` counts no more",
        "Its last day is over, by the clock of this machine or by the plan's, whichever is later. Limits and checks"
        " hold again as if it were not there.",
        "remove this line; where it is still needed, let it be reviewed again with a new day",
        Level.WARNING,
        "allow-expired",
    ),
    Message(
        "R331",
        "an entry under `allow` counts for more than 90 days",
        "What is permitted for that long is a limit of its own, and nobody remembers why it was permitted.",
        "choose an earlier day, or raise the limit",
        Level.WARNING,
        "allow-far",
    ),
    Message(
        "R332",
        "an entry under `allow` that permits nothing",
        "Its number is not above what `limits` permits anyway.",
        "remove it, or write the number that the plan shows",
        Level.WARNING,
        "allow-effect",
    ),
    Message(
        "R333",
        "a check that no case lets fail",
        "A check that never failed may be one that cannot fail: a test shows it a plan that it must deny.",
        "add a case with a plan that it denies, and its code under `fails`",
        Level.WARNING,
        "check-tested",
    ),
    Message(
        "E350",
        "an unknown limit",
        "`allow` names limits as `limits` and `--allow` do; besides, `untag`, people who lose a tag in the run in which"
        " it becomes ours, and `create_without_state`, contacts created while no state is known and the CRM holds"
        " contacts already.",
        "correct its spelling",
    ),
    Message(
        "E351",
        "a check's code that cannot be used",
        "A code is letters, digits and `-`, at most 40, and begins with a letter. Codes such as R204 and E514 are the"
        " program's own.",
        "choose another one, such as C001 or finance-fields",
    ),
    Message(
        "E352",
        "a check that cannot be used",
        "`deny` is CEL over `plan`, the object that `plan --format json` prints, as `schemas/plan.v1.json` has it:"
        " plan.fields, plan.tags, plan.changes, plan.findings, plan.guards are lists, plan.summary and plan.cost hold"
        " counts. Lists take exists, all, exists_one, filter, map and size. It gives true or false, true being what is"
        " denied.",
        "correct the expression; `reconciler schema plan` prints every key",
    ),
    Message(
        "E353",
        "an unknown check",
        "Checks are declared under `checks`, by their code.",
        "correct its spelling, or declare it",
    ),
    Message(
        "E595",
        "a check of the file denies the plan",
        "Checks are the file's own rules about plans; no option of the command line sets one aside.",
        "change what it denies, or let an entry under `allow` be reviewed",
    ),
    Message(
        "E596",
        "a plan that a test names cannot be read",
        "A case takes what `plan --format json` printed into a file, or a part of such an object.",
        "write it anew: reconciler plan --format json > plan.json",
    ),
    Message(
        "E597",
        "a part of a plan that no plan has",
        "Parts are held against the schema of `plan --format json`: a misspelt key would test nothing.",
        "correct its spelling; `reconciler schema plan` prints every key",
    ),
    Message(
        "E598",
        "there are no tests",
        "Tests stand beside the file as NAME.test.yaml, or are named.",
        "write such a file, or name one: reconciler test tests/*.yaml",
    ),
)
