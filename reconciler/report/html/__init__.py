"""A plan, an apply or a drift as one HTML page that needs nothing else: no network, no script or font from elsewhere."""

from reconciler.report.html.page import html_page

__all__ = ["html_page"]
