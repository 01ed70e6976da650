"""Files that are not files, not text, or made to cost time."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.model.problems import Failure

GOOD = Path(__file__).parent / "good" / "plain.yaml"


def refused(path: Path) -> tuple[str, int, int]:
    with pytest.raises(Failure) as caught:
        load(path, {}, {}, {})
    (problem,) = caught.value.problems
    return problem.code, problem.where.line, problem.where.column


def test_a_missing_file_is_an_error(tmp_path):
    assert refused(tmp_path / "nowhere.yaml") == ("E101", 0, 0)


def test_a_folder_is_no_file(tmp_path):
    assert refused(tmp_path) == ("E101", 0, 0)


def test_a_name_that_the_system_refuses_is_an_error(tmp_path):
    assert refused(tmp_path / ("x" * 5000)) == ("E101", 0, 0)


BYTES = [
    ("latin-1", b"version: 1\ncrm: M\xfcller\n", ("E102", 2, 0)),
    ("cut character", b"version: 1\n# \xe2\x82", ("E102", 2, 0)),
    ("utf-16", "version: 1\n".encode("utf-16"), ("E102", 1, 0)),
    ("encoded surrogate", b"version: 1\na: \xed\xa0\x80\n", ("E102", 2, 0)),
    ("nul", b"version: 1\ncrm: a\x00b\n", ("E107", 2, 7)),
    ("bell", b"version: 1\r\ncrm: a\x07b\n", ("E107", 2, 7)),
    ("line separator", "version: 1\ncrm: a\u2028b\n".encode(), ("E107", 2, 7)),
    ("byte order mark inside", "version: 1\n\n x: \ufeff1\n".encode(), ("E107", 3, 5)),
    ("empty", b"", ("E113", 1, 0)),
    ("only comments", b"# nothing\n", ("E113", 1, 0)),
    ("only a text", b"version\n", ("E113", 1, 0)),
]


@pytest.mark.parametrize(("data", "found"), [pytest.param(d, f, id=name) for name, d, f in BYTES])
def test_what_is_not_a_text_file_is_refused_with_its_line(tmp_path, data, found):
    path = tmp_path / "main.yaml"
    path.write_bytes(data)
    assert refused(path) == found


LAUGHS = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (level, level, b",".join([b"*a%d" % (level - 1)] * 10)) for level in range(1, 10)
)
COSTLY = [
    ("brackets", b"[" * 200_000, "E103"),
    ("brackets in a value", b"version: " + b"[" * 200_000, "E103"),
    ("dashes", b"- " * 200_000, "E103"),
    ("mappings in mappings", b'{"a":' * 200_000, "E103"),
    ("billion laughs", LAUGHS, "E103"),
    ("many values", b"version: [" + b"1," * 200_000 + b"]", "E103"),
    ("9 MiB", b"version: 1 # " + b"x" * 9_000_000, "E103"),
    ("colons", b"a: " + b"b: " * 100_000, "E104"),
    ("directives", b"%" * 200_000, "E104"),
]


@pytest.mark.parametrize(("data", "code"), [pytest.param(d, c, id=name) for name, d, c in COSTLY])
def test_a_file_that_is_made_to_cost_time_is_refused_at_once(tmp_path, data, code):
    path = tmp_path / "main.yaml"
    path.write_bytes(data)
    began = time.process_time()
    assert refused(path)[0] == code
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("depth", "too_deep"), [(63, False), (64, True)])
def test_64_collections_may_lie_in_each_other_and_65_may_not(tmp_path, depth, too_deep):
    path = tmp_path / "main.yaml"
    path.write_text("version: 1\nvars: " + "[" * depth + "]" * depth)
    with pytest.raises(Failure) as caught:
        load(path, {}, {}, {})
    assert ("E103" in {p.code for p in caught.value.problems}) is too_deep


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b""], ids=["with byte order mark", "without"])
@pytest.mark.parametrize("line", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_byte_order_mark_and_line_ends_change_nothing(tmp_path, load_path, before, line):
    path = tmp_path / "main.yaml"
    path.write_bytes(before + GOOD.read_bytes().replace(b"\n", line))
    assert load_path(path).digest == load_path(GOOD).digest


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_loaded_or_refused_but_never_a_crash(tmp_path, load_path, data):
    text = (GOOD.parent / "long.yaml").read_text(encoding="utf-8").replace("extends: base.yaml", "")
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    junk = data.draw(st.text(st.sampled_from("{}[]:,&*!|>'\"#%@`?- \n\tabc$~0\\"), max_size=8))
    path = tmp_path / "damaged.yaml"
    path.write_text(text[:start] + junk + text[start + length :], encoding="utf-8")
    try:
        found: object = load_path(path)
    except Failure as failure:
        found = failure.problems
    assert found
    assert "canary" not in repr(found)
