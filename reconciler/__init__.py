"""Config-as-code for CRM data: one file, one plan, one apply."""

__version__ = "0.1.0"
