# SPDX-License-Identifier: Apache-2.0
"""Label selectors, as the API server applies them."""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.manifests.kube.objects import mapping, sequence, text


def matches(selector: object, labels: Mapping[str, str]) -> bool:
    """Whether a ``LabelSelector`` takes these labels; an empty one takes all."""
    terms = mapping(selector)
    wanted = mapping(terms.get("matchLabels")).items()
    return all(labels.get(str(key)) == text(value) for key, value in wanted) and all(
        _holds(mapping(term), labels) for term in sequence(terms.get("matchExpressions"))
    )


def matches_map(selector: object, labels: Mapping[str, str]) -> bool:
    """Whether the plain selector of a Service takes these labels; an empty one takes none."""
    wanted = mapping(selector)
    return bool(wanted) and matches({"matchLabels": wanted}, labels)


def _holds(term: Mapping[str, object], labels: Mapping[str, str]) -> bool:
    key, values = text(term.get("key")), [text(value) for value in sequence(term.get("values"))]
    has = labels.get(key)
    return {
        "In": has is not None and has in values,
        "NotIn": has is None or has not in values,
        "Exists": has is not None,
        "DoesNotExist": has is None,
    }.get(text(term.get("operator")), False)
