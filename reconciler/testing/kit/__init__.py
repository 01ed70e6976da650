"""The contract kit: what every adapter of a CRM promises, one numbered sentence each.

An adapter's test is one parametrised function::

    @pytest.mark.parametrize("promise", PROMISES, ids=str)
    def test_my_crm_keeps_its_promises(promise, tmp_path):
        promise.check(Subject(lambda fault: my_crm(tmp_path, fault), "{type: my_crm, path: crm.db}", tmp_path))

A promise is skipped only if the adapter declares that the ability is missing. Nothing here needs pytest.
"""

from reconciler.testing.kit import batches, contacts, faults, fields, law, merges, opening, pages, taggings, tags
from reconciler.testing.kit.promise import Promise, numbered
from reconciler.testing.stage import Fault, Subject

__all__ = ["PROMISES", "Fault", "Promise", "Subject"]

_CHAPTERS = (opening, contacts, taggings, fields, tags, batches, pages, merges, faults, law)

PROMISES: tuple[Promise, ...] = numbered(promise for chapter in _CHAPTERS for promise in chapter.KEPT)
"""All of them, in order. The last one is the law: plan, apply, plan is empty."""
