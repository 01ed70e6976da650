"""The HTML report in a real browser: the membership example on a laptop and on a telephone, in both colour schemes,
with and without its script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from membership import Membership, membership
from servers.chromium import Browser, Look, Page, chromium

from reconciler.model.plan import Cause, FieldCount
from reconciler.report.document import plan_document
from reconciler.report.html import html_page
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag, PlanDocument
from tests.report.plans import at
from tests.report.test_html import BIG
from tests.report.test_html_hostile import NASTY

LOOKS = [Look(w, 900, s, script) for w, s, script in product((1280, 360), ("light", "dark"), (True, False))]
TELEPHONE = Look(360, 760)
schemes = pytest.mark.parametrize("scheme", ["light", "dark"])

EVERY_KIND = (
    FieldCount("customer_lifetime_value_in_euro_rounded_up", at(5), Cause.DRIFT, 900_000, 400_000, 4, 1, 5, 3, 2, 17),
    FieldCount("tier", at(6), Cause.SOURCE, 3),
)
VISIBLE = "[...document.querySelectorAll('[data-row]')].filter(row => row.checkVisibility())"

CONTRASTS = """
(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => linear(part / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
  };
  const poor = [];
  let seen = 0;
  for (const element of document.querySelectorAll('body *:not(script, style)')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim();
    if (!text || !element.checkVisibility()) continue;
    const [high, low] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => b - a);
    const ratio = (high + .05) / (low + .05);
    seen += 1;
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return {seen, poor};
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Membership:
    return membership(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def files(example: Membership, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    field = DriftField(key="tier", where="reconciler.yaml:5", moved=7, overwrites=4, keeps=1, pulls=2)
    tag = DriftTag(name="VIP", where="reconciler.yaml:9", applies=3, removes=1)
    documents: dict[str, PlanDocument | DriftDocument] = {
        "plan": example.plan,
        "applied": example.applied,
        "settled": example.settled,
        "big": plan_document(BIG),
        "kinds": plan_document(replace(BIG, inventory=(), fields=EVERY_KIND, tags=())),
        "hostile": hostile(example.plan),
        "drift": DriftDocument(tool="1", outcome="drift", file="x.yaml", fields=(field,), tags=(tag,), gone=2),
    }
    for name, document in documents.items():
        (folder / f"{name}.html").write_text(html_page(document), encoding="utf-8", errors="strict")
    return {name: folder / f"{name}.html" for name in documents}


def hostile(plan: PlanDocument) -> PlanDocument:
    """The plan with everybody's names replaced by what could do harm."""
    texts = [text * 3 for text in NASTY]
    fields = tuple(f.model_copy(update={"key": t, "where": t}) for t, f in zip(texts, plan.fields * 3, strict=False))
    tags = tuple(t.model_copy(update={"name": text}) for text, t in zip(texts, plan.tags * 9, strict=False))
    changes = tuple(
        c.model_copy(update={"key": t, "summary": t, "new_key": t, "by_hand": t, "where": t})
        for t, c in zip(texts, plan.changes * 3, strict=False)
    )
    findings = tuple(
        f.model_copy(update={"detail": t, "fix": t}) for t, f in zip(texts, plan.findings * 9, strict=False)
    )
    new = {"fields": fields, "tags": tags, "changes": changes, "findings": findings, "file": "".join(NASTY)}
    return plan.model_copy(update=new)


def shown(page: Page) -> list[str]:
    """The rows that can be seen, each as its text."""
    rows = page.evaluate(f"{VISIBLE}.map(row => row.innerText.replace(/\\s+/g, ' ').trim())")
    assert isinstance(rows, list)
    return rows


def search(page: Page, text: str) -> None:
    """Types into the search; the page answers a little later."""
    page.evaluate(
        "new Promise((done) => {"
        "  const input = document.getElementById('search');"
        f"  input.value = {text!r};"
        "  input.dispatchEvent(new Event('input'));"
        "  setTimeout(done, 400);"
        "})"
    )


@pytest.mark.parametrize(
    ("name", "look"),
    [*product(("plan", "hostile"), LOOKS), *product(("applied", "settled", "drift"), (TELEPHONE,))],
    ids=str,
)
def test_a_page_asks_for_nothing_says_nothing_on_the_console_and_fits_the_width(
    browser: Browser, files: dict[str, Path], name: str, look: Look
) -> None:
    with browser.page(files[name], look) as page:
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == look.width
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        hidden = ".filter(e => !e.closest('.vh') && !e.closest('svg') && e.checkVisibility()).map(e => e.outerHTML)"
        assert page.evaluate(f"{wide}{hidden}") == []
        assert page.asked == [files[name].as_uri()]
        assert page.said == []


@pytest.mark.parametrize("width", [360, 740, 800, 1000, 1280, 1920])
def test_names_have_room_beside_as_many_numbers_as_there_can_be(
    browser: Browser, files: dict[str, Path], width: int
) -> None:
    names = "[...document.querySelectorAll('.chart tbody th')].map((name) => name.getBoundingClientRect().width)"
    with browser.page(files["kinds"], Look(width)) as page:
        assert min(page.evaluate(names)) >= 160
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_the_example_says_can_be_read_without_a_script(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look(script=False)) as page:
        text = page.evaluate("document.body.innerText")
        assert page.evaluate("document.getElementById('tools').checkVisibility()") is False
    for said in (
        "An apply creates 75 contacts, updates 110 and changes 13 fields and 9 tags.",
        "Apply is refused",
        "--allow delete=2",
        "membership_level",
        "Welcome North",
        "18 values of pmpro_level unreadable as select",
    ):
        assert said in text


def test_without_a_script_a_fold_opens_by_itself(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look(script=False)) as page:
        before = len(shown(page))
        page.evaluate("document.querySelector('.more > summary').focus()")
        page.press("Enter")
        assert len(shown(page)) > before


@schemes
def test_every_text_has_the_contrast_of_level_aa(browser: Browser, files: dict[str, Path], scheme: str) -> None:
    for name in ("plan", "applied", "settled", "drift"):
        with browser.page(files[name], Look(scheme=scheme)) as page:
            page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
            found = page.evaluate(CONTRASTS)
            assert found["poor"] == []
            assert found["seen"] > 25


def test_the_two_schemes_really_differ(browser: Browser, files: dict[str, Path]) -> None:
    colours = "['body', '.top', 'h1', '.t-set'].map((name) => document.querySelector(name)).map(getComputedStyle)"
    told = f"{colours}.flatMap((style) => [style.backgroundColor, style.color, style.fill])"
    told = told.replace(".map(getComputedStyle)", ".map((element) => getComputedStyle(element))")
    seen = []
    for scheme in ("light", "dark"):
        with browser.page(files["plan"], Look(scheme=scheme)) as page:
            seen.append(page.evaluate(told))
    light, dark = seen
    assert light[0] != dark[0]  # the page
    assert light[3] != dark[3]  # its head
    assert light[7] != dark[7]  # a heading's text
    assert light[11] != dark[11]  # a bar


def test_the_search_leaves_the_rows_that_have_all_its_words(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look()) as page:
        everything = shown(page)
        search(page, "TIER taken")
        assert len(shown(page)) == 1
        assert shown(page)[0].startswith("tier reconciler.yaml:17")
        rows = page.evaluate("document.querySelectorAll('[data-row]').length")
        assert page.evaluate("document.getElementById('found').textContent") == f"1 of {rows} rows"
        assert page.evaluate("document.getElementById('people').checkVisibility()") is False
        search(page, "")
        assert shown(page) == everything
        assert page.evaluate("document.getElementById('people').checkVisibility()") is True


def test_the_search_finds_what_is_folded_and_folds_it_again(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look()) as page:
        assert not any("tag VIP" in row for row in shown(page))
        search(page, "vip")
        assert any("tag VIP" in row for row in shown(page))
        search(page, "")
        assert not any("tag VIP" in row for row in shown(page))


def test_a_search_without_a_hit_says_so(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look()) as page:
        search(page, "nowhere-to-be-found")
        assert shown(page) == []
        assert page.evaluate("document.getElementById('nothing').checkVisibility()") is True


def test_everything_folds_and_unfolds_with_one_button(browser: Browser, files: dict[str, Path]) -> None:
    closed = "[...document.querySelectorAll('main details')].filter((fold) => !fold.open).length"
    with browser.page(files["plan"], Look()) as page:
        assert page.evaluate(closed) > 0
        page.evaluate("document.getElementById('unfold').click()")
        assert page.evaluate(closed) == 0
        assert len(shown(page)) == page.evaluate("document.querySelectorAll('[data-row]').length")
        page.evaluate("document.getElementById('fold').click()")
        assert shown(page) == []


def test_the_page_can_be_used_from_the_keyboard(browser: Browser, files: dict[str, Path]) -> None:
    focused = "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    with browser.page(files["plan"], Look()) as page:
        page.press("Tab")
        assert page.evaluate(focused) == "skip"
        assert page.evaluate("document.querySelector('.skip').getBoundingClientRect().top") == 0
        page.press("/")
        assert page.evaluate(focused) == "search"
        assert page.evaluate("document.getElementById('search').value") == ""
        for sign in "birthday":
            page.press(sign)
        page.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert {row.split()[0] for row in shown(page)} <= {"birthday", "field"}
        page.press("Escape")
        assert page.evaluate("document.getElementById('search').value") == ""
        page.press("Tab")
        assert page.evaluate(focused) == "unfold"
        page.evaluate("document.querySelector('#people > summary').focus()")
        page.press(" ")
        assert page.evaluate("document.getElementById('people').open") is False


def test_thousands_of_rows_stay_usable(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["big"], TELEPHONE) as page:
        assert len(shown(page)) < 70
        search(page, "f1234")
        assert [row.split()[0] for row in shown(page)] == ["f1234", "field"]
        search(page, "")
        assert len(shown(page)) < 70
        page.evaluate("document.getElementById('unfold').click()")
        assert len(shown(page)) > 7000
        assert page.evaluate("document.documentElement.scrollWidth") == TELEPHONE.width
        assert page.said == []


def test_nothing_moves_for_who_asked_for_less_motion(browser: Browser, files: dict[str, Path]) -> None:
    moving = (
        "[...document.querySelectorAll('*')]"
        ".flatMap((element) => [null, '::before'].map((part) => getComputedStyle(element, part)))"
        ".filter((style) => style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0).length"
    )
    with browser.page(files["plan"], Look()) as page:
        assert page.evaluate(moving) > 0
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        assert page.evaluate(moving) == 0


def test_on_paper_there_are_no_tools_and_the_colours_are_light(browser: Browser, files: dict[str, Path]) -> None:
    with browser.page(files["plan"], Look(scheme="dark")) as page:
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        page.call("Emulation.setEmulatedMedia", media="print", features=features)
        assert page.evaluate("document.getElementById('tools').checkVisibility()") is False
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.call("Page.printToPDF", printBackground=True)["data"]


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, files: dict[str, Path]) -> None:
    changed = files["plan"].with_name("changed.html")
    text = files["plan"].read_text(encoding="utf-8")
    changed.write_text(text.replace("<footer", "<script>document.title = 'ran'</script><footer"), encoding="utf-8")
    with browser.page(changed, Look()) as page:
        assert page.evaluate("document.title") != "ran"
        assert any("Content Security Policy" in said for said in page.said)
