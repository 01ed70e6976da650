"""A plan, an apply or a drift as one HTML page that needs nothing else: nothing is fetched from anywhere."""

from reconciler.report.html.page import html_page

__all__ = ["html_page"]
