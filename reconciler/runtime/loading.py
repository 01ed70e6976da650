"""Reading the file that a run is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.model.desired import Desired
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from reconciler.model.expressions.shaped import Shape


def load_file(request: Request, digested: bool = True) -> Desired:
    """The desired state; `digested` as `config.load` has it. Raises Failure with all problems of the file."""
    from reconciler.config import load

    return load(request.file, request.env, options_models(CRM), options_models(SOURCE), digested, _plan_shape)


def _plan_shape() -> Shape:
    from reconciler.report.plan_checks import plan_shape

    return plan_shape()
