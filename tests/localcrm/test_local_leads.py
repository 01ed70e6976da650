"""Leads of the embedded CRM: beside contacts, apart from them, and converted into them."""

import sqlite3
from pathlib import Path

import pytest

from reconciler.localcrm import LocalCrm, Missing
from reconciler.model.inventory import CrmField

from .crms import opened


def test_a_lead_is_no_contact_and_may_have_its_address(crm: LocalCrm) -> None:
    leads = crm.of("lead")
    (contact,), (lead,) = crm.add([{"email": "a@example.org"}]), leads.add([{"email": "a@example.org"}])
    assert (contact.id, lead.id) == ("1", "L2")
    assert (crm.find("a@example.org"), leads.find("A@example.org")) == ("1", "L2")
    assert [page.column("$id").to_pylist() for page in leads.pages(["email"])] == [["L2"]]
    assert [page.column("$id").to_pylist() for page in crm.pages(["email"])] == [["1"]]
    with pytest.raises(Missing):
        crm.tags_of("L2")


def test_the_number_of_a_deleted_lead_is_not_given_again(crm: LocalCrm) -> None:
    leads = crm.of("lead")
    leads.add([{"email": "a@example.org"}])
    leads.delete_contact("L1")
    assert leads.add([{"email": "b@example.org"}])[0].id == "L2"


def test_fields_of_one_object_are_not_in_the_other(crm: LocalCrm) -> None:
    leads = crm.of("lead")
    leads.add_field(CrmField("City", "City", "text"))
    crm.add_field(CrmField("city", "City", "integer"))
    assert [f.key for f in leads.fields() if not f.standard] == ["City"]
    assert [f.key for f in crm.fields() if not f.standard] == ["city"]


def test_a_converted_lead_leaves_its_values_and_tags_to_a_contact(crm: LocalCrm) -> None:
    leads = crm.of("lead")
    leads.add_field(CrmField("Firm", "Firm", "text"))
    crm.add_field(CrmField("company", "Company", "text"))
    tag = crm.add_tag("VIP").key
    leads.add([{"email": "a@example.org", "Firm": "Acme"}])
    leads.tag([tag], ["L1"], on=True)
    contact = crm.convert("L1", {"Firm": "company"})
    assert crm.load([contact], ["email", "company"]) == {contact: ["a@example.org", "Acme"]}
    assert crm.load(["L1"], ["email"]) == {contact: ["a@example.org"]}
    assert (crm.tags_of(contact), crm.former([contact])) == ([tag], {contact: ["L1"]})
    assert leads.find("a@example.org") is None


def test_only_a_file_that_had_a_lead_is_of_the_newer_version(path: Path) -> None:
    found = []
    for object in ("contact", "lead"):
        crm = opened(path).of(object)
        crm.add([{"email": "a@example.org"}])
        crm.close()
        connection = sqlite3.connect(path)
        found.append(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.close()
    assert found == [1, 2]
