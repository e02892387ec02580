"""The documentation holds together: every page is in its place, every link leads somewhere, every example is run or says why not."""

import pytest

from press import check
from press.check import INDEX_ENTRY, findings, normal, nowhere, out_of_order, unrun
from press.nav import BadIndex, Entry, entries, sections, with_folders


def test_every_page_is_in_order_every_link_leads_somewhere_and_every_example_is_run_or_excused():
    assert findings() == ()


def test_a_page_that_the_index_does_not_list_is_found(tmp_path):
    (tmp_path / "index.md").write_text("# Here\n")
    (tmp_path / "forgotten.md").write_text("# Forgotten\n")
    listed = [INDEX_ENTRY, *(Entry(title="", path=path) for path in check.GENERATED)]

    (found,) = out_of_order(listed, tmp_path)

    assert found.startswith("docs/forgotten.md: give it a line in docs/index.md, `- [Title](forgotten.md)")


def test_a_page_that_is_listed_twice_or_in_vain_is_found(tmp_path):
    (tmp_path / "index.md").write_text("# Here\n")
    (tmp_path / "a.md").write_text("# A\n")
    paths = [*check.GENERATED, "a.md", "a.md", "gone.md"]

    found = list(out_of_order([INDEX_ENTRY, *(Entry(title="", path=path) for path in paths)], tmp_path))

    assert found == ["docs/index.md: lists a.md twice", "docs/index.md: gone.md is not there"]


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ("b.md", None),
        ("b.md#what-it-costs", None),
        ("b.md#jobs-die", None),
        ("#here", None),
        ("https://example.com/#x", None),
        ("data.json", None),
        ("#there", "a.md has no #there"),
        ("b.md#what-it-cost", "b.md has no #what-it-cost"),
        ("c.md", "c.md is not there"),
        ("unlisted.md", "unlisted.md is a page that docs/index.md does not list"),
        ("data.json#x", "data.json has no #x"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link, wrong, tmp_path):
    (tmp_path / "data.json").write_text("{}")
    (tmp_path / "unlisted.md").write_text("# Unlisted")
    pages = {
        "a.md": f"# Here\n\nSee [it]({link}).\n",
        "b.md": '# B\n\n## What it costs\n\n<a id="jobs-die"></a>Means\n',
    }

    found = list(nowhere(pages, tmp_path))

    assert found == ([f"docs/a.md:3: {wrong}"] if wrong else [])


def test_a_link_in_a_block_of_code_is_none(tmp_path):
    assert list(nowhere({"a.md": "# A\n\n```text\n[x](nowhere.md)\n```\n"}, tmp_path)) == []


THIS = "tests/docs/test_pages.py"  # it names page.md


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        (f"# P\n\n<!-- run by {THIS} -->\n\n```python\nx = 1\n```\n", ""),
        (f"# P\n\n<!-- run by {THIS} -->\n```json\n{{}}\n```\n", ""),
        ("# P\n\n<!-- not run: it needs an account -->\n```sh\nls\n```\n", ""),
        ("# P\n\n```text\nwhat is printed\n```\n", ""),
        ("# P\n\n```python\nx = 1\n```\n", "say on the line before which test runs it"),
        (
            f"# P\n\n<!-- run by {THIS} -->\n\nWords.\n\n```sh\nls\n```\n",
            "say on the line before which test runs it",
        ),
        ("# P\n\n<!-- not run: -->\n```sh\nls\n```\n", "say on the line before which test runs it"),
        ("# P\n\n<!-- run by tests/gone.py -->\n```sh\nls\n```\n", "tests/gone.py is not there"),
        (
            "# P\n\n<!-- run by tests/conftest.py -->\n```sh\nls\n```\n",
            "tests/conftest.py does not name page.md",
        ),
        ("# P\n\n```\nls\n```\n", "say which language the block is"),
    ],
)
def test_an_example_that_nobody_runs_and_nothing_excuses_is_found(page, wrong):
    found = list(unrun({"page.md": page}))

    assert [wrong in line for line in found] == ([True] if wrong else [])


def test_the_index_is_the_order_of_the_site():
    index = "# T\n\nWords.\n\n## One\n\n- [A](a.md): first\n  - [B](x/b.md)\n- [C](../C.md): third\n\n## Two\n\n- [D](d.md)\n"

    order = sections(index)

    assert [section.title for section in order] == ["One", "Two"]
    assert [entry.path for entry in entries(order)] == ["a.md", "x/b.md", "../C.md", "d.md"]
    assert order[0].entries[0].below == (Entry(title="B", path="x/b.md"),)


def test_a_line_of_the_index_that_is_no_pages_is_refused_by_its_number():
    with pytest.raises(BadIndex, match=r"docs/index.md:3: write"):
        sections("## One\n\n- [A] (a.md)\n")


def test_a_folders_own_page_has_those_it_links_to_below_it(tmp_path):
    (tmp_path / "why").mkdir()
    (tmp_path / "why" / "README.md").write_text(
        "# Why\n\n1. [First](1.md), [again](1.md#x)\n2. [Second](2.md)\n3. [Else](../a.md)\n"
    )

    ((entry,),) = (
        one.entries for one in with_folders(sections("## D\n\n- [Why](why/README.md)\n"), tmp_path)
    )

    assert [below.path for below in entry.below] == ["why/1.md", "why/2.md"]


@pytest.mark.parametrize(
    ("path", "plain"), [("a/../b.md", "b.md"), ("../x/../docs/a.md", "a.md"), ("../x/y.md", "../x/y.md")]
)
def test_a_path_is_told_by_one_name(path, plain):
    from pathlib import PurePosixPath

    assert normal(PurePosixPath(path)) == plain
