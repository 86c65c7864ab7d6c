# SPDX-License-Identifier: Apache-2.0
"""How settings are called that a view of one cluster has under other names.

Below `Settings.on_kafka`, everything speaks of ``kafka.ca_certs`` and ``kerberos.keytab``,
whichever cluster it works for; people are told ``kafka.east.ca_certs``. These names are put into
findings and errors where they leave the view.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding


@dataclass(frozen=True)
class Spelling:
    """The names of sections, by what a view calls them.

    Attributes:
        sections: pairs such as ``("kafka", "kafka.east")``; none where all names are the same.
        fields: the settings of each of these sections, by what a view calls it.
    """

    sections: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, sections: Mapping[str, str], fields: Mapping[str, Iterable[str]]) -> Self:
        """Return the spelling of some sections; those that keep their names do not count."""
        changed = {name: written for name, written in sections.items() if name != written}
        return cls(
            tuple(changed.items()), tuple((name, frozenset(fields[name])) for name in changed)
        )

    def setting(self, name: str) -> str:
        """Return the name of a section or setting, as it is written."""
        section, dot, rest = name.partition(".")
        known = dict(self.fields).get(section, frozenset())
        # What is written so already stays: no section with a name is called like a setting.
        is_a_view = not rest or re.split(r"[.\[]", rest)[0] in known
        return f"{dict(self.sections)[section]}{dot}{rest}" if known and is_a_view else name

    def text(self, text: str) -> str:
        """Return a text in which settings have the names that are written."""
        return _pattern(self.fields).sub(self._replaced, text) if self.sections else text

    def finding(self, found: Finding) -> Finding:
        """Return a finding in which settings have the names that are written."""
        if not self.sections:
            return found
        setting = found.where.setting
        return replace(
            found,
            where=replace(found.where, setting=self.setting(setting) if setting else setting),
            why=self.text(found.why),
            fix=self.text(found.fix),
        )

    def findings(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """Yield findings in which settings have the names that are written."""
        return map(self.finding, found)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Put the names that are written into an error that comes out of the block.

        Raises:
            FlinkSecError: the one that came, with its cause.
        """
        try:
            yield
        except FlinkSecError as error:
            error.message = self.text(error.message)
            error.hint = self.text(error.hint) if error.hint else error.hint
            error.findings = tuple(map(self.finding, error.findings))
            error.args = (error.message,)
            raise

    def _replaced(self, found: re.Match[str]) -> str:
        name = found[0]
        return f"[{self.setting(name[1:-1])}]" if name[0] == "[" else self.setting(name)


@functools.cache
def _pattern(fields: tuple[tuple[str, frozenset[str]], ...]) -> re.Pattern[str]:
    # In a path or the name of a host, kafka.pem and kafka.example.com are no settings.
    names = "|".join(
        rf"{section}\.(?:{'|'.join(sorted(found, key=len, reverse=True))})(?![\w/-])|\[{section}\]"
        for section, found in fields
    )
    return re.compile(rf"(?<![\w./@-])(?:{names})")
