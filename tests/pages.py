# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and what stands in them: examples, headings, links."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "bench/*.md", ".github/*.md")
    for page in ROOT.glob(pattern)
)
_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """One example: its page, its language, its text, and its number among the page's."""

    page: str
    number: int
    language: str
    text: str

    @property
    def id(self) -> str:
        """A short name for reports, such as ``docs/kafka.md-2-sh``."""
        return f"{self.page}-{self.number}-{self.language}"


def text(page: str) -> str:
    """The text of a page, named by its path below the repository."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The fenced examples of a page, in their order; of one language or all."""
    found = [
        Block(page, number, match[1], match[2])
        for number, match in enumerate(_FENCE.finditer(text(page)))
    ]
    return [block for block in found if language in (None, block.language)]


def prose(page: str) -> str:
    """A page without its examples."""
    return _FENCE.sub("", text(page))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    plain = [re.sub(r"\]\([^)]*\)", "", heading) for heading in _HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def links(page: str) -> list[str]:
    """The targets of a page's links, those to other places of the web left out."""
    found = _LINK.findall(prose(page))
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]
