# SPDX-License-Identifier: Apache-2.0
"""The three steps of ``flinksec certs rotate``, in order, and killed anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives import hashes

from flinksec_jobs import tls
from flinksec_jobs.certificates import fingerprint
from flinksec_jobs.certs.anchors import anchors_of, names_of
from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.generations import Content, Generations
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.issue import Making, Services
from flinksec_jobs.certs.rotate import Group, Renewal, Step, rotate
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.certs.stores import read_parties
from flinksec_jobs.errors import CertificateError
from tests import certificates as make
from tests.unit.certs.rotation_state import done, shown, trusted

pytestmark = pytest.mark.slow

Flinksec = Callable[..., Result]
EVERYBODY = ["cli", "deployer", "internal", "rest"]


def test_trust_grows_then_keys_change_then_trust_shrinks(certs: Path) -> None:
    keys, trust, stands = [shown(certs)], [trusted(certs)], [done(certs)]
    for step in (1, 2, 3):
        rotate(certs, Step(step))
        keys.append(shown(certs))
        trust.append(trusted(certs))
        stands.append(done(certs))
    assert stands == [0, 1, 2, 0]
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    for name in EVERYBODY:
        assert keys[1][name] != keys[2][name]
        assert trust[1][name] == trust[2][name] == trust[0][name] | trust[3][name]
        assert len(trust[1][name]) == 2
        assert trust[0][name].isdisjoint(trust[3][name])


def test_after_every_step_the_files_fit_each_other_and_the_last_leaves_nothing_to_find(
    certs: Path,
) -> None:
    for step in (1, 2, 3):
        rotate(certs, Step(step))
        found = [finding.id for finding in inspect([certs]).findings]
        assert found == ([] if step == 3 else ["rotation-under-way"])
        for name, party in read_parties(certs).items():
            assert tls.belongs_to(party.identity.key, party.identity.certificate)
            if party.has_pem:
                pem = tls.load_certificates(certs / name / "tls.crt", "")
                assert pem == [party.identity.certificate]
                assert tls.load_certificates(certs / name / "ca.crt", "") == list(party.trusted)


def test_names_passwords_and_clients_stay(tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    request = Request(
        Services("flights"), names=("127.0.0.1",), wildcard=True, clients=("cli", "proxy")
    )
    before = create(certs, request)
    for step in (1, 2, 3):
        rotate(certs, Step(step))
    after = read_parties(certs)
    assert sorted(after) == sorted(before)
    for name, party in before.items():
        assert after[name].password == party.password
        assert names_of(after[name].identity.certificate) == names_of(party.identity.certificate)


def test_new_certificates_are_valid_for_the_days_that_were_asked_for(certs: Path) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    rotate(certs, Step.TRUST_BOTH, Renewal(making=Making(days=10, now=now)))
    rotate(certs, Step.NEW_KEYS)
    ends = {
        party.identity.certificate.not_valid_after_utc for party in read_parties(certs).values()
    }
    assert ends == {now + timedelta(days=10)}


@pytest.mark.parametrize(("at", "refused"), [(0, (2, 3)), (1, (3,)), (2, (1,)), (3, (2, 3))])
def test_no_step_is_skipped_or_done_out_of_order(
    certs: Path, flinksec: Flinksec, at: int, refused: tuple[int, ...]
) -> None:
    for step in range(1, at + 1):
        rotate(certs, Step(step))
    before = shown(certs), trusted(certs)
    for step in refused:
        result = flinksec("rotate", certs, "--step", step)
        assert result.exit_code == 1
        assert f"step {step} cannot be done now" in result.stderr
        assert f"--step {at % 3 + 1}" in result.stderr
    assert (shown(certs), trusted(certs)) == before


@pytest.mark.parametrize("step", [1, 2])
def test_the_last_step_again_changes_nothing(certs: Path, step: int) -> None:
    for one in range(1, step + 1):
        rotate(certs, Step(one))
    before = files(certs)
    state, _ = rotate(certs, Step(step))
    assert state.done == step
    assert files(certs) == before


def files(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_dry_run_says_what_would_be_and_changes_nothing(
    certs: Path, flinksec: Flinksec, step: int
) -> None:
    for one in range(1, step):
        rotate(certs, Step(one))
    before = files(certs)
    result = flinksec("rotate", certs, "--step", step, "--dry-run")
    assert result.exit_code == 0
    assert f"step {step} of 3 would be done for internal, rest, cli, deployer" in result.stdout
    assert "restart the JobManager and all TaskManagers and the clients cli, deployer" in (
        result.stdout
    )
    assert files(certs) == before


def test_without_a_step_it_says_where_it_stands_and_what_comes_next(
    certs: Path, flinksec: Flinksec
) -> None:
    said = [flinksec("rotate", certs).stdout]
    for step in (1, 2, 3):
        assert flinksec("rotate", certs, "--step", step).exit_code == 0
        said.append(flinksec("rotate", certs).stdout)
    assert said[0].startswith("no rotation is under way\n")
    assert said[1].startswith("step 1 of 3 was done: every trust store holds the old and the new")
    assert f"flinksec certs rotate {certs} --step 2" in said[1]
    assert said[2].startswith("step 2 of 3 was done: every key store holds the new key")
    assert f"flinksec certs rotate {certs} --step 3" in said[2]
    assert said[3].startswith("no rotation is under way\n")


def test_nothing_secret_is_printed(certs: Path, flinksec: Flinksec) -> None:
    secrets = [path.read_text() for path in certs.glob("*/password")]
    for step in (1, 2, 3):
        result = flinksec("rotate", certs, "--step", step, "--namespace", "flights")
        assert "--namespace flights" in result.stdout
        assert not any(secret in result.output for secret in secrets)
        assert "PRIVATE" not in result.output


@pytest.mark.parametrize(
    ("only", "replaced", "who"),
    [
        ("internal", ["internal"], "restart the JobManager and all TaskManagers ("),
        ("rest", ["cli", "deployer", "rest"], "restart the JobManager and the clients cli, dep"),
    ],
)
def test_one_group_may_be_replaced_alone(
    certs: Path, flinksec: Flinksec, only: Group, replaced: list[str], who: str
) -> None:
    before = shown(certs), trusted(certs)
    for step in (1, 2, 3):
        options = ["--only", only] if step == 1 else []
        result = flinksec("rotate", certs, "--step", step, *options)
        assert who in result.stdout
        secrets = [line.split()[4] for line in result.stdout.splitlines() if "kubectl" in line]
        assert all(("internal" in name) == (only == "internal") for name in secrets)
    after = shown(certs), trusted(certs)
    for index in (0, 1):
        changed = [name for name in EVERYBODY if before[index][name] != after[index][name]]
        assert changed == replaced


def test_what_else_a_trust_store_holds_is_kept(certs: Path) -> None:
    """For example a CA of the company's whose clients may use REST too."""
    extra = make.authority().certificate
    content = Generations(certs).read()
    rest = content.parties["rest"]
    parties = {**content.parties, "rest": replace(rest, trusted=(*rest.trusted, extra))}
    Generations(certs).replace(Content(parties, {}))
    for step in (1, 2, 3):
        rotate(certs, Step(step))
        assert extra in read_parties(certs)["rest"].trusted
    assert len(read_parties(certs)["rest"].trusted) == 2


def test_stores_that_somebody_changed_are_not_rotated_on(certs: Path) -> None:
    rotate(certs, Step.TRUST_BOTH)
    content = Generations(certs).read()
    internal = content.parties["internal"]
    changed = replace(internal, trusted=internal.trusted[:1])
    Generations(certs).replace(Content({**content.parties, "internal": changed}, content.coming))
    with pytest.raises(CertificateError, match="match no step of a rotation"):
        rotate(certs, Step.NEW_KEYS)


def test_keys_that_changed_for_some_only_are_not_rotated_on(certs: Path) -> None:
    rotate(certs, Step.TRUST_BOTH)
    content = Generations(certs).read()
    cli = replace(content.parties["cli"], identity=content.coming["cli"].identity)
    Generations(certs).replace(Content({**content.parties, "cli": cli}, content.coming))
    with pytest.raises(CertificateError, match="match no step of a rotation"):
        rotate(certs, Step.NEW_KEYS)


def test_directories_of_others_are_not_rotated(tmp_path: Path) -> None:
    make.write_cert_manager(tmp_path / "tls", make.self_signed(), None)
    for directory in (tmp_path, tmp_path / "tls", tmp_path / "absent"):
        with pytest.raises(CertificateError, match="was not made by flinksec certs create"):
            rotate(directory, Step.TRUST_BOTH)


def test_a_certificate_of_cert_manager_is_replaced_by_the_renewed_one_with_both_pins(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    ca = make.authority()
    old, new = make.signed(ca, key=make.keys()[10]), make.signed(ca, key=make.keys()[11])
    sources = [
        make.write_cert_manager(tmp_path / name, identity, ca.certificate)
        for name, identity in (("old", old), ("new", new))
    ]
    certs = tmp_path / "certs"
    create(certs, Request(make.SERVICES, internal=Source.read(sources[0])))
    pins = [fingerprint(one.certificate, hashes.SHA1()) for one in (old, new)]

    result = flinksec("rotate", certs, "--step", 1)
    assert result.exit_code == 1
    assert "the certificate of internal was issued by CN=a CA, not by flinksec" in result.stderr
    result = flinksec("rotate", certs, "--step", 1, "--internal-from", sources[0])
    assert "is the one that is in use already" in result.stderr

    result = flinksec("rotate", certs, "--step", 1, "--internal-from", sources[1])
    assert result.exit_code == 0, result.output
    assert f"security.ssl.internal.cert.fingerprint: {pins[0]},{pins[1]}\n" in result.stdout
    result = flinksec("rotate", certs, "--step", 2)
    assert read_parties(certs)["internal"].identity.certificate == new.certificate
    result = flinksec("rotate", certs, "--step", 3)
    assert f"security.ssl.internal.cert.fingerprint: {pins[1]}\n" in result.stdout
    assert read_parties(certs)["internal"].trusted == (ca.certificate,)


def test_a_rest_certificate_of_others_is_replaced_with_their_ca(tmp_path: Path) -> None:
    cas = make.authority("old CA", 14), make.authority("new CA", 15)
    sources = [
        Source.read(
            make.write_cert_manager(
                tmp_path / str(number),
                make.signed(ca, purposes=("server",), key=make.keys()[number]),
                ca.certificate,
            )
        )
        for number, ca in enumerate(cas)
    ]
    certs = tmp_path / "certs"
    create(certs, Request(make.SERVICES, rest=sources[0]))
    with pytest.raises(CertificateError, match="the certificate of rest was issued by CN=old CA"):
        rotate(certs, Step.TRUST_BOTH)
    rotate(certs, Step.TRUST_BOTH, Renewal(rest=sources[1]))
    assert read_parties(certs)["cli"].trusted == tuple(ca.certificate for ca in cas)
    rotate(certs, Step.NEW_KEYS)
    rotate(certs, Step.DROP_OLD)
    parties = read_parties(certs)
    assert parties["cli"].trusted == (cas[1].certificate,)
    assert parties["rest"].identity.certificate == sources[1].identity.certificate
    assert anchors_of([parties["cli"].identity.certificate], parties["rest"].trusted)
