# SPDX-License-Identifier: Apache-2.0
"""Keys that seal state, in manifests."""

import pytest

from flinksec_jobs.manifests import check, load

HEAD = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: keys, namespace: a}\n"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("data: {primary: k1, k1: thirty-two-bytes-of-a-key-as-text}", "data[k1]"),
        ('data: {primary: "2026-11\\n"}\nbinaryData: {2026-11: AAAA}', "binaryData[2026-11]"),
    ],
)
def test_a_key_ring_is_named_wherever_its_keys_stand(content: str, field: str) -> None:
    found = [one for one in check(load([("ring", HEAD + content)])) if one.id == "flink-key-ring"]
    assert [one.where.field for one in found] == [field]


@pytest.mark.parametrize(
    "content",
    ["data: {primary: k1}", "data: {primary: eu-west, secondary: us-east}", "data: {k1: x}", ""],
)
def test_a_file_called_primary_alone_is_no_key_ring(content: str) -> None:
    found = [one.id for one in check(load([("ring", HEAD + content)]))]
    assert "flink-key-ring" not in found
