"""What the history is told of a run at its beginning."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.desired import Desired
from reconciler.model.history import Made, RunFacts
from reconciler.model.plan import Plan
from reconciler.model.problems import Place
from reconciler.runtime.request import Request

_LOGINS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "LOGNAME", "USER")
_MOST = 64


def run_facts(plan: Plan, desired: Desired, run: str, request: Request, undone: RunFacts | None = None) -> RunFacts:
    """Of a run of `apply`, or of one that puts back what `undone` wrote."""
    entries = {
        **{key: entry.where for key, entry in desired.fields.items()},
        **{f"tag:{name}": tag.where for name, tag in desired.tags.items()},
        **{f"tags:{entry.prefix}": entry.where for entry in desired.dynamic_tags},
    }
    waiting = {"blocked", "released"}
    return RunFacts(
        run=run,
        started=request.started,
        command=request.command,
        who=_login(request.env),
        config=plan.config,
        plan=plan.id,
        undoes=plan.undoes,
        places=undone.places if undone else {name: _line(where) for name, where in entries.items()},
        types={key: bound.type for key, bound in plan.bound.items()},
        made=tuple(
            Made(c.kind, c.action.value, c.key, c.new_key or c.option or "", c.under)
            for c in plan.inventory
            if c.action.value not in waiting
        ),
    )


def _login(env: Mapping[str, str]) -> str:
    """Who started it, as far as the environment says."""
    return next((found[:_MOST] for name in _LOGINS if (found := env.get(name, ""))), "")


def _line(where: Place) -> str:
    return str(Place(where.file, where.line))
