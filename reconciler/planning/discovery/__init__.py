"""Guessing, for a person to decide: what the columns of a source hold, and which CRM field each of them may fill.

Pure: a sample comes in as Arrow columns, a `Discovery` goes out. Nothing here decides what is written to a CRM.
"""

from reconciler.planning.discovery.discover import Crm, Known, Sample, discover, mapped_anew
from reconciler.planning.discovery.owners import Owners, owners_of

__all__ = ["Crm", "Known", "Owners", "Sample", "discover", "mapped_anew", "owners_of"]
