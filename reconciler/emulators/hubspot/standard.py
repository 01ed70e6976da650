"""The properties and groups that every account has, as far as they are emulated."""

from __future__ import annotations

from typing import NamedTuple

CONTACT_GROUP = "contactinformation"

GROUPS = (
    (CONTACT_GROUP, "Contact information"),
    ("emailinformation", "Email information"),
    ("conversioninformation", "Conversion information"),
    ("order_information", "Order information"),
    ("socialmediainformation", "Social media information"),
)
"""Name and label."""


class Standard(NamedTuple):
    """`column`: whether it is stored; those that are not are made from the record itself and only read."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    column: bool = True
    group: str = CONTACT_GROUP


_STAGES = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
_STATUSES = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
)

EMAIL = "email"
ID = "hs_object_id"
CREATED = "createdate"
MODIFIED = "lastmodifieddate"
MERGED = "hs_merged_object_ids"

PROPERTIES = (
    Standard(EMAIL, "Email"),
    Standard("firstname", "First Name"),
    Standard("lastname", "Last Name"),
    Standard("phone", "Phone Number", field_type="phonenumber"),
    Standard("mobilephone", "Mobile Phone Number", field_type="phonenumber"),
    Standard("fax", "Fax Number"),
    Standard("salutation", "Salutation"),
    Standard("company", "Company Name"),
    Standard("jobtitle", "Job Title"),
    Standard("address", "Street Address"),
    Standard("city", "City"),
    Standard("state", "State/Region"),
    Standard("zip", "Postal Code"),
    Standard("country", "Country/Region"),
    Standard("website", "Website URL"),
    Standard("industry", "Industry"),
    Standard("date_of_birth", "Date of birth"),
    Standard("message", "Message", field_type="textarea"),
    Standard("closedate", "Close Date", "datetime", "date"),
    Standard("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", _STAGES),
    Standard("hs_lead_status", "Lead Status", "enumeration", "radio", _STATUSES),
    Standard(ID, "Record ID", "number", "number", column=False),
    Standard(CREATED, "Create Date", "datetime", "date", column=False),
    Standard(MODIFIED, "Last Modified Date", "datetime", "date", column=False),
    Standard(MERGED, "Merged record IDs", "enumeration", "checkbox", column=False),
)

DEFAULTS = (CREATED, EMAIL, "firstname", ID, MODIFIED, "lastname")
"""What a record is shown with if no properties are asked for."""

ALWAYS = (CREATED, ID, MODIFIED)
"""What it is shown with whatever is asked for."""
