# SPDX-License-Identifier: Apache-2.0
"""Servers right and wrong, by every mode of verification, in the judgement of all who judge them.

A refused server gets nothing: no request arrives, and so no credentials do.
"""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from flinksec_jobs.certificates import pem
from flinksec_jobs.settings import Settings, load_settings
from tests.https_certificates import CLIENTS, DAY, Issued, issued, server_context, written
from tests.https_servers import serving
from tests.tls.judges import JUDGES, Jvm, by_python

HOST = "localhost"
OLD, NEWER = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2
pytestmark = pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated:DeprecationWarning")


@dataclass(frozen=True)
class Shown:
    """What a server shows, and who takes it.

    Attributes:
        own: the certificate whose key it has.
        others: what it shows with it.
        taken_by: the modes that take it.
        newest: version of TLS.
        genuine: whose fingerprint is known, if not that of `own`.
    """

    own: Issued
    others: tuple[Issued, ...]
    taken_by: str
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    genuine: Issued | None = field(default=None)


MODES = ("full", "several", "certificate", "leaf", "ca", "none", "tls13")


def servers(root: Issued) -> dict[str, Shown]:
    """Each with the modes that must take it, and no other may."""
    rogue = issued("the CA", ca=True)  # of the same name
    middle = issued("an intermediate CA", root, ca=True)
    no_ca = issued("a server that signs", root, names=[HOST])
    ended = issued("the CA that has ended", root, ca=True, begins=-3 * DAY, ends=-DAY)
    right = issued(HOST, root, names=[HOST])
    forged = issued(HOST, rogue, names=[HOST])
    alone = issued(HOST, names=[HOST])
    minutes = timedelta(minutes=5)
    every = "full several certificate leaf ca none tls13"
    any_name = "certificate leaf none"
    pinned = "leaf none"
    return {
        "right": Shown(right, (root,), every),
        "right, without its CA": Shown(right, (), every.replace("ca ", "")),
        "right, by an intermediate": Shown(
            issued(HOST, middle, names=[HOST]), (middle, root), every
        ),
        "star for the whole first label of a name": Shown(
            issued("star", root, names=["*.localhost", HOST]), (root,), every
        ),
        "TLS 1.2 at most": Shown(right, (root,), every.replace(" tls13", ""), NEWER),
        "wrong name": Shown(issued("b", root, names=["b.example.com"]), (root,), any_name),
        "name in the common name only": Shown(issued(HOST, root), (root,), any_name),
        "star for a part of a label": Shown(
            issued(HOST, root, names=["local*", "l*t"]), (root,), any_name
        ),
        "wrong CA of the same name": Shown(forged, (rogue,), pinned),
        "expired": Shown(
            issued(HOST, root, names=[HOST], begins=-3 * DAY, ends=-minutes), (root,), pinned
        ),
        "not yet valid": Shown(issued(HOST, root, names=[HOST], begins=minutes), (root,), pinned),
        "self-signed": Shown(alone, (), pinned),
        "intermediate missing": Shown(issued(HOST, middle, names=[HOST]), (root,), pinned),
        "intermediate that is no CA": Shown(
            issued(HOST, no_ca, names=[HOST]), (no_ca, root), pinned
        ),
        "intermediate that has ended": Shown(
            issued(HOST, ended, names=[HOST]), (ended, root), pinned
        ),
        "certificate for clients": Shown(
            issued(HOST, root, names=[HOST], purpose=CLIENTS), (root,), pinned
        ),
        "RSA key of 1024 bits": Shown(
            issued(HOST, root, names=[HOST], key=rsa.generate_private_key(65537, 1024)),
            (root,),
            pinned,
        ),
        "genuine CA appended to a forged leaf": Shown(forged, (root,), "none", genuine=right),
        "genuine leaf and CA appended to a forged leaf": Shown(
            forged, (right, root), "none", genuine=right
        ),
        "TLS 1.1 at most": Shown(right, (root,), "", OLD),
    }


def given(mode: str, shown: Shown, root: Issued, directory: Path) -> dict[str, Any]:
    """The settings of a mode."""
    ca = {"ca_certs": directory / "ca.pem"}
    known = shown.genuine or shown.own
    modes: dict[str, dict[str, Any]] = {
        "full": ca,
        "several": {"ca_certs": directory / "several.pem"},
        "certificate": ca | {"verification": "certificate"},
        "leaf": {"verification": "fingerprint", "fingerprint": known.fingerprint},
        "ca": {"verification": "fingerprint", "fingerprint": root.fingerprint},
        "none": {"verification": "none"},
        "tls13": ca | {"min_tls_version": "TLSv1.3"},
    }
    return modes[mode]


def settings_of(url: str, directory: Path, **options: Any) -> Settings:
    who = {"username": "flink", "password": f"file:{directory / 'password'}"}
    section = {"hosts": [url], **who, **options}
    return load_settings(overrides={"elasticsearch": section}, environ={})


def test_every_server_is_judged_alike_by_sink_preflight_and_python_in_every_mode(
    java: Jvm, tmp_path: Path
) -> None:
    root, other = issued("the CA", ca=True), issued("another CA", ca=True)
    written(tmp_path / "ca.pem", pem(root.certificate))
    written(tmp_path / "several.pem", pem(other.certificate), pem(root.certificate))
    written(tmp_path / "password", b"canary")
    wrong = []
    for name, shown in servers(root).items():
        context = server_context(shown.own, *shown.others, newest=shown.newest)
        with serving(context) as server, warnings.catch_warnings(action="ignore"):
            for mode in MODES:
                options = given(mode, shown, root, tmp_path)
                settings = settings_of(server.url, tmp_path, **options)
                taken = mode in shown.taken_by.split()
                for judge in JUDGES:
                    server.asked.clear()
                    verdict = judge(java, settings)
                    if (verdict == "") != taken or bool(server.asked) != taken:
                        wrong.append((name, mode, judge.__name__, verdict, len(server.asked)))
                    assert "canary" not in verdict
                    # Refused for what a setting says, and not as if it were down.
                    if judge is not by_python and not taken:
                        assert verdict.startswith("elasticsearch."), (name, mode, verdict)
                        assert "no answer" not in verdict, (name, mode, verdict)
    assert wrong == []


def test_a_ca_that_has_ended_is_trusted_by_nobody(java: Jvm, tmp_path: Path) -> None:
    ended = issued("the CA", ca=True, begins=-3 * DAY, ends=-DAY)
    alone = issued(HOST, names=[HOST], begins=-3 * DAY, ends=-DAY)
    written(tmp_path / "ca.pem", pem(ended.certificate), pem(alone.certificate))
    written(tmp_path / "password", b"canary")
    for own, others in ((issued(HOST, ended, names=[HOST]), (ended,)), (alone, ())):
        with serving(server_context(own, *others)) as server:
            for mode in ("full", "certificate"):
                options = {"verification": mode, "ca_certs": tmp_path / "ca.pem"}
                settings = settings_of(server.url, tmp_path, **options)
                assert all(judge(java, settings) for judge in JUDGES)
            pinned = {"verification": "fingerprint", "fingerprint": ended.fingerprint}
            settings = settings_of(server.url, tmp_path, **pinned)
            assert all(judge(java, settings) for judge in JUDGES)
            assert server.asked == []


def test_a_certificate_that_is_itself_trusted_is_taken_whoever_signed_it(
    java: Jvm, tmp_path: Path
) -> None:
    alone = issued(HOST, names=[HOST])
    signed = issued(HOST, issued("a CA that nobody knows", ca=True), names=[HOST])
    written(tmp_path / "ca.pem", pem(alone.certificate), pem(signed.certificate))
    written(tmp_path / "password", b"canary")
    for own in (alone, signed):
        with serving(server_context(own)) as server:
            settings = settings_of(server.url, tmp_path, ca_certs=tmp_path / "ca.pem")
            assert [judge(java, settings) for judge in JUDGES] == ["", "", ""]
