# SPDX-License-Identifier: Apache-2.0
"""What stands on the command line in the place of an overlay, and is none."""

import pytest

from flinksec_jobs.deploy import overlay_version
from flinksec_jobs.errors import ManifestError
from flinksec_jobs.findings import Finding, Where


@pytest.mark.parametrize(
    "overlay",
    [
        "https://example.com/overlay.yaml",
        "github.com/example/repository//overlay?ref=main",
        "overlays/three/kustomization.yaml",
        "Kustomization",
        "",
    ],
)
def test_what_is_no_folder_or_file_here_is_refused_by_name(overlay: str) -> None:
    with pytest.raises(ManifestError) as refused:
        overlay_version.version_in(overlay, stdin=lambda: "")
    assert overlay.rpartition("/")[2] in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize(("count", "told", "ends"), [(5, 5, False), (7, 5, True)])
def test_few_of_many_problems_are_told_and_how_many_more_there_are(
    count: int, told: int, ends: bool
) -> None:
    found = [
        Finding("an-example", "problem", Where(file=f"object {n}"), "so it is", "mend it")
        for n in range(count)
    ]
    said = overlay_version._listed(found)
    assert (said.count("[an-example]"), said.endswith("; and 2 more")) == (told, ends)
