# SPDX-License-Identifier: Apache-2.0
"""Every character of Unicode reaches the API server as it is in the manifest."""

from __future__ import annotations

import json
import sys

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st
from kubernetes import client

from flinksec_jobs.deploy.job_version import version_of
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_bodies import as_yaml, is_unicode
from flinksec_jobs.deploy.kube_errors import InvalidObjectError
from flinksec_jobs.errors import DeployError
from tests.unit.deploy.fakes import version


def test_every_character_is_read_by_yaml_and_by_json_as_it_was() -> None:
    for start in range(0, sys.maxunicode + 1, 4096):
        text = "".join(map(chr, range(start, start + 4096)))
        text = text.encode("utf-8", "ignore").decode()  # without halves of surrogates
        body = as_yaml({"data": {"a": text}})
        assert yaml.load(body, yaml.CSafeLoader) == {"data": {"a": text}}, hex(start)
        assert json.loads(body) == {"data": {"a": text}}, hex(start)


@example("🚀")
@example('\u2028\u2029\u0085\ufeff\x7f\x00\u00a0\\"/ \n\t')
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_read_as_it_was_and_stands_on_one_line(text: str) -> None:
    key = text[:170]  # YAML takes 1024 characters, of which an escaped one is six
    content = {key: [text, 1.5, None, True]}
    assert yaml.safe_load(as_yaml(content)) == content
    assert len(as_yaml(content).decode().splitlines()) == 1
    assert is_unicode(content)


@pytest.mark.parametrize("half", ["\ud83d", "a\udc80", "\ude80\ud83d"])
def test_half_a_surrogate_is_refused_by_the_name_of_its_object(half: str) -> None:
    broken = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"a": half},
    }
    with pytest.raises(DeployError, match=r"surrogate.*ConfigMap/x"):
        version_of([*version().objects, broken])
    kube = Kube(client.ApiClient(client.Configuration(host="https://localhost:1")), "flights")
    for verb in (kube.apply, kube.create, kube.replace):
        with pytest.raises(InvalidObjectError, match=r"configmaps.*surrogate"):
            verb(broken)
