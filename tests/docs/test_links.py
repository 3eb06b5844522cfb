"""Each link of the docs leads somewhere, in the repository and in the site."""

import re

import pytest
from pages import DOCS, PAGES, name_of
from paths import ROOT

LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"^( *)```.*?^\1```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def anchors(page):
    """The anchors of the headings of a page, as GitHub and the site make them."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [pytest.param(page, id=name_of(page)) for page in PAGES])
def test_every_link_of_a_page_leads_somewhere(page):
    for target, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{target} does not exist"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{target} has no heading #{anchor}"


def test_each_page_outside_of_docs_is_in_the_site():
    """Sphinx complains of a page in docs/ that no table of contents has."""
    included = [
        (page.parent / file).resolve()
        for page in DOCS.rglob("*.md")
        for file in re.findall(r"^```\{include\} (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(included) == [page for page in PAGES if DOCS not in page.parents]
    assert ROOT / "README.md" in included
