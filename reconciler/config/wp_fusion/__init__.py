"""WP Fusion's settings become a file: its mappings, tags and policies as entries, all else as comments and a report.

No value of a person is in the settings, and none of what looks like a credential comes here (`model.wp_fusion`).
"""

from reconciler.config.wp_fusion.file import Between, Translated, translated

__all__ = ["Between", "Translated", "translated"]
