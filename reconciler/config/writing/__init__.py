"""What was found in a CRM and a source becomes YAML: plain lines, every name quoted where YAML would misread it.

No value of a person is written, and nothing is read here: whoever has found something out hands it over.
"""

from reconciler.config.writing.file import Live, Start, imported_file, starting_file
from reconciler.config.writing.mapping import fields_block

__all__ = ["Live", "Start", "fields_block", "imported_file", "starting_file"]
