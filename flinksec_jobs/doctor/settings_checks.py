# SPDX-License-Identifier: Apache-2.0
"""Settings and the files that they name: what can be told without a JVM and without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from flinksec_jobs.doctor.checks import Answer, Check, Checked, of_error
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding, problem
from flinksec_jobs.settings.weak import weaknesses

_UNREADABLE = problem("settings-unreadable", "the settings cannot be read")
FILES = problem("files-unusable", "a file that the settings name cannot be used")


def settings(patient: Patient) -> Iterator[Check]:
    """Yield whether the settings say something, and nothing weak."""
    source = patient.settings.source or "the environment"
    yield Check("settings-read", f"the settings in {source}", partial(_read, patient), _UNREADABLE)
    yield Check("settings-choices", "weak choices", partial(_choices, patient), _UNREADABLE)


def unreadable(error: SettingsError) -> Checked:
    """Return the one result of settings that cannot be read."""
    check = Check("settings-read", "the settings", Answer, _UNREADABLE)
    return Checked(check.id, check.about, "problem", findings=of_error(error, check))


def files(patient: Patient) -> Iterator[Check]:
    """Yield whether the files of each section can be used."""
    for section in patient.settings.given_sections:
        yield Check(
            f"files-{section}", f"the files of [{section}]", partial(_of, patient, section), FILES
        )


def _read(patient: Patient) -> Answer:
    return Answer(", ".join(patient.settings.given_sections))


def _choices(patient: Patient) -> Answer:
    return Answer(findings=weaknesses(patient.settings))


def _of(patient: Patient, section: str) -> Answer:
    sections = patient.settings.given_sections
    found = [(_section_of(one, sections), one) for one in patient.files()]
    return Answer(findings=[one for its, one in found if its == section])


def _section_of(found: Finding, sections: Sequence[str]) -> str:
    """Return the section that a finding is told under; the first one if it is about none."""
    setting = re.split(r"\[", found.where.setting or "")[0]
    of = [name for name in sections if setting == name or setting.startswith(f"{name}.")]
    return max(of, key=len, default=sections[0])
