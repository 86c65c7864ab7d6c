# SPDX-License-Identifier: Apache-2.0
"""Every link between pages leads to a file, and to a heading that is in it."""

import re

import pytest

from tests.pages import PAGES, ROOT, anchors, links, prose


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: str) -> None:
    dead = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent.joinpath(path).resolve() if path else ROOT / page
        name = file.relative_to(ROOT).as_posix()
        if not file.exists() or (anchor and anchor not in anchors(name)):
            dead.append(target)
    assert dead == []


def test_the_index_lists_every_page_of_the_documentation() -> None:
    listed = {target.partition("#")[0] for target in links("docs/README.md")}
    there = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    assert listed & there == there - {"README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_the_repository_that_a_page_names_is_there(page: str) -> None:
    places = "flinksec_jobs|tests|docs|scripts|docker|connectors|jobs|requirements"
    named = re.findall(rf"`((?:{places})/[\w./-]+)`", prose(page))
    new = {"flinksec_jobs/logins/sasl/scram_sha_512.py"}
    assert [name for name in named if not (ROOT / name).exists() and name not in new] == []
