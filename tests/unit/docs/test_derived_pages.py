# SPDX-License-Identifier: Apache-2.0
"""What the documentation takes from the code is as the code has it."""

import importlib.util
from types import ModuleType

import pytest

import flinksec_jobs
from tests.pages import ROOT, text


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "scripts" / "pages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_derived_page_is_as_make_docs_writes_it(pages: ModuleType) -> None:
    for page, written in pages.written().items():
        assert text(page) == written, f"{page} is older than the code: make docs"


def test_the_page_of_the_api_has_the_public_names_and_no_others() -> None:
    headings = [line for line in text("docs/api.md").splitlines() if line.startswith("## ")]
    assert headings == [f"## `{name}`" for name in flinksec_jobs.__all__]
