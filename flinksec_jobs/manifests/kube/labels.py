# SPDX-License-Identifier: Apache-2.0
"""Label selectors, as the API server applies them."""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.manifests.kube.label_sets import of_labels, of_selector
from flinksec_jobs.manifests.kube.objects import mapping


def matches(selector: object, labels: Mapping[str, str]) -> bool:
    """Whether a ``LabelSelector`` takes these labels; an empty one takes all."""
    return of_labels(labels).is_within(of_selector(selector))


def matches_map(selector: object, labels: Mapping[str, str]) -> bool:
    """Whether the plain selector of a Service takes these labels; an empty one takes none."""
    wanted = mapping(selector)
    return bool(wanted) and matches({"matchLabels": wanted}, labels)
