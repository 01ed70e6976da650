"""Pages read as a browser reads them: by the parser of the HTML standard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

from reconciler.report.html import html_page
from reconciler.report.layout import PAGE, Page
from reconciler.report.shapes import DriftDocument, PlanDocument


def read(document: PlanDocument | DriftDocument, page: Page = PAGE) -> Element:
    """The root element; names of elements without their namespace."""
    content = html_page(document, page).encode()
    root: Element = html5lib.parse(content, transport_encoding="utf-8", namespaceHTMLElements=False)
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def words(root: Element) -> str:
    """All text that is shown or read out, with single spaces."""
    return re.sub(r"\s+", " ", "".join(_texts(root.find("body")))).strip()


def by_class(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if name in element.get("class", "").split()]


def rows(root: Element, section: str) -> list[str]:
    """The rows below that section, each as its words."""
    (found,) = (element for element in root.iter() if element.get("id") == section)
    return [text_of(element) for element in found.iter() if element.get("data-row") is not None]


def text_of(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(_texts(element))).strip()


_APART = {"td", "th", "li", "p", "div", "small", "b", "dt", "dd", "summary", "h1", "h2", "h3", "option", "tr"}


def _texts(element: Element | None) -> Iterator[str]:
    if element is None or element.tag in ("script", "style"):
        return
    space = " " if element.tag in _APART else ""
    yield space + (element.text or "")
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    yield space
