# SPDX-License-Identifier: Apache-2.0
"""Keys in a PKCS#11 token: SoftHSM's, through its module."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from flinksec_jobs.errors import KeyRingError, SecretError
from flinksec_jobs.sealed import (
    KeyChain,
    KeyMissingError,
    KeyRing,
    KeysUnavailableError,
    Outcome,
    SealedFileError,
    SealedWriter,
    Status,
    TokenAddress,
    TokenKeys,
    open_sealed,
    rekey_file,
    verify_file,
)
from flinksec_jobs.sealed.format import AES_KWP, WrappedKey
from flinksec_jobs.sealed.token import Token
from flinksec_jobs.secrets import SecretFile
from tests.unit.sealed.bound_keys import ANY
from tests.unit.sealed.softhsm import MODULE, PIN, SoftToken


@pytest.fixture
def keys(token: SoftToken) -> Iterator[TokenKeys]:
    with TokenKeys(token.address, "t1") as found:
        yield found


@pytest.fixture
def sealed(tmp_path: Path, keys: TokenKeys) -> Path:
    """A file whose data key the token wrapped."""
    with SealedWriter(tmp_path / "sealed", keys) as writer:
        writer.write(b"state" * 10_000)
    return tmp_path / "sealed"


def test_a_file_is_sealed_and_opened_through_the_token(sealed: Path, keys: TokenKeys) -> None:
    with open_sealed(sealed, keys) as file:
        assert file.header.key_ids == ("t1",)
        assert len(file.header.slots[0].key.data) == 40
        assert file.read() == b"state" * 10_000


def test_a_key_that_was_made_here_cannot_be_read_out(token: SoftToken) -> None:
    with token.session() as session:
        [key] = session.get_objects({pkcs11.Attribute.LABEL: "t1"})
        assert key[pkcs11.Attribute.SENSITIVE] is True
        assert key[pkcs11.Attribute.ALWAYS_SENSITIVE] is True
        assert key[pkcs11.Attribute.EXTRACTABLE] is False
        assert key[pkcs11.Attribute.NEVER_EXTRACTABLE] is True
        assert key[pkcs11.Attribute.PRIVATE] is True
        assert (key.key_type, key.key_length) == (pkcs11.KeyType.AES, 256)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        # Nor may it wrap other keys out, or be made weaker.
        assert key[pkcs11.Attribute.WRAP] is False
        with pytest.raises(pkcs11.PKCS11Error):
            key[pkcs11.Attribute.EXTRACTABLE] = True


def test_the_tokens_wrap_is_the_format_s(token: SoftToken, tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring", "same")
    imported = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
        pkcs11.Attribute.VALUE: (tmp_path / "ring" / "same").read_bytes(),
        pkcs11.Attribute.LABEL: "same",
        pkcs11.Attribute.TOKEN: True,
        pkcs11.Attribute.SENSITIVE: True,
        pkcs11.Attribute.ENCRYPT: True,
        pkcs11.Attribute.DECRYPT: True,
    }
    with token.session() as session:
        session.create_object(imported)
    with TokenKeys(token.address, "same") as keys:
        assert keys.wrap(b"k" * 32, ANY) == ring.wrap(b"k" * 32, ANY)
        assert keys.unwrap(ring.wrap(b"d" * 32, ANY), ANY) == b"d" * 32


def test_a_token_is_asked_once_for_a_data_key(
    keys: TokenKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped = keys.wrap(b"k" * 32, ANY)
    asked: list[bytes] = []
    decrypt = Token.decrypt

    def counted(self: Token, key: Any, block: bytes) -> bytes:
        asked.append(block)
        return decrypt(self, key, block)

    monkeypatch.setattr(Token, "decrypt", counted)
    assert [keys.unwrap(wrapped, ANY) for _ in range(5)] == [b"k" * 32] * 5
    assert len(asked) == 24


def test_a_key_that_is_not_in_the_token_is_named(sealed: Path, token: SoftToken) -> None:
    TokenKeys.add(token.address, "t2")
    with token.session() as session:
        session.get_key(label="t1").destroy()
    with TokenKeys(token.address, "t2") as keys:
        with pytest.raises(SealedFileError) as error:
            open_sealed(sealed, keys)
        assert error.value.status is Status.KEY_MISSING
        assert str(error.value) == (
            f"{sealed}: key 't1' is not in the token 'state' ({MODULE})\n"
            "  hint: put the key back, or restore from other state"
        )
    with pytest.raises(KeyRingError, match=r"there is no key 't1', the one for new files"):
        TokenKeys(token.address, "t1")


# python-pkcs11 complains of a session that is gone where nobody can hear it.
GONE = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@GONE
def test_a_token_that_does_not_answer_makes_no_file_a_tampered_one(
    keys: TokenKeys, token: SoftToken, tmp_path: Path
) -> None:
    with SealedWriter(tmp_path / "first", keys):
        pass
    keys.close()
    with pytest.raises(KeysUnavailableError, match=r"token 'state' .* it does not do what"):
        verify_file(tmp_path / "first", keys)
    shutil.rmtree(token.directory)
    token.directory.mkdir()
    pkcs11.lib(str(MODULE)).reinitialize()
    with pytest.raises(KeysUnavailableError, match=r"there is no such token") as error:
        TokenKeys(token.address, "t1")
    assert error.value.hint is not None
    assert "the module has no token" in error.value.hint


def test_a_token_that_goes_away_between_wrap_and_unwrap_is_told(
    keys: TokenKeys, token: SoftToken
) -> None:
    wrapped = keys.wrap(b"k" * 32, ANY)
    shutil.rmtree(token.directory)
    with pytest.raises(KeyRingError, match=r"token 'state' ") as error:
        keys.unwrap(wrapped, ANY)
    assert isinstance(error.value, KeysUnavailableError | KeyMissingError)


def test_a_wrong_pin_is_tried_once(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    token.pin.write_text("wrong-pin-3141")
    tries = 0
    read = SecretFile.read_text

    def counted(self: SecretFile, setting: str | None = None) -> str:
        nonlocal tries
        tries += 1
        return read(self, setting)

    monkeypatch.setattr(SecretFile, "read_text", counted)
    for _ in range(3):
        with pytest.raises(KeyRingError) as error:
            TokenKeys(token.address, "t1")
        assert f"state.pkcs11.pin ({token.pin}) does not hold its user PIN" in str(error.value)
        assert "wrong-pin-3141" not in repr(error.value)
        assert error.value.__suppress_context__ or error.value.__context__ is None
    assert tries == 1


def test_a_pin_that_would_lock_the_token_is_not_tried(
    token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LastTry:
        flags = pkcs11.TokenFlag.USER_PIN_FINAL_TRY

        def open(self, **_: object) -> None:
            raise AssertionError("a PIN was tried")

    monkeypatch.setattr("flinksec_jobs.sealed.token._find", lambda address: LastTry())
    with pytest.raises(KeyRingError, match="one more wrong PIN would lock it: not tried"):
        TokenKeys(token.address, "t1")


def test_a_pin_that_others_may_read_is_refused(token: SoftToken) -> None:
    token.pin.chmod(0o644)
    with pytest.raises(SecretError, match=r"state.pkcs11.pin .* too widely open"):
        TokenKeys(token.address, "t1")


def test_the_module_and_the_token_are_named_if_they_are_missing(
    token: SoftToken, tmp_path: Path
) -> None:
    pin = SecretFile(token.pin)

    def refused(address: TokenAddress) -> str:
        with pytest.raises(KeysUnavailableError) as error:
            TokenKeys(address)
        return str(error.value)

    absent = tmp_path / "absent.so"
    assert f"the PKCS#11 module {absent} does not exist" in refused(
        TokenAddress(absent, pin, "state")
    )
    absent.write_text("no library")
    assert f"{absent} cannot be loaded" in refused(TokenAddress(absent, pin, "state"))
    assert refused(TokenAddress(MODULE, pin, "other")) == (
        f"token 'other' ({MODULE}): there is no such token\n  hint: the module has 'state'"
    )
    assert "token in slot 99" in refused(TokenAddress(MODULE, pin, slot=99))


def test_two_tokens_with_one_label_are_told_apart_by_slot(token: SoftToken, tmp_path: Path) -> None:
    other = SoftToken.make(tmp_path, "state")
    with pytest.raises(KeysUnavailableError, match="several tokens have this label"):
        TokenKeys(other.address, "t1")
    slots = pkcs11.lib(str(MODULE)).get_slots(token_present=True)
    ids = []
    for slot in slots:
        if slot.get_token().label == "state":
            address = TokenAddress(MODULE, SecretFile(token.pin), slot=slot.slot_id)
            with TokenKeys(address) as keys:
                ids.append(keys.key_ids)
    assert sorted(ids) == [(), ("t1",)]


Make = Callable[[Any], object]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (
            lambda s: s.generate_key(pkcs11.KeyType.AES, 128, label="odd", store=True),
            "the label 'odd' is not that of an AES key of 256 bits",
        ),
        (
            lambda s: s.generate_key(pkcs11.KeyType.GENERIC_SECRET, 256, label="odd", store=True),
            "the label 'odd' is not that of an AES key of 256 bits",
        ),
        (
            lambda s: s.generate_keypair(pkcs11.KeyType.RSA, 2048, label="odd", store=True),
            "the label 'odd' is not that of an AES key of 256 bits",
        ),
        (
            lambda s: [
                s.generate_key(pkcs11.KeyType.AES, 256, label="odd", store=True) for _ in "12"
            ],
            "the label 'odd' is on several AES keys",
        ),
        (
            lambda s: s.generate_key(
                pkcs11.KeyType.AES,
                256,
                label="odd",
                store=True,
                template={pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True},
            ),
            "the key 'odd' can be read out of the token in clear",
        ),
    ],
)
def test_a_key_of_the_wrong_type_is_refused(token: SoftToken, make: Make, problem: str) -> None:
    with token.session() as session:
        make(session)
    with pytest.raises(KeyRingError, match=problem):
        TokenKeys(token.address, "odd")
    with pytest.raises(KeyRingError, match=problem):
        TokenKeys.add(token.address, "odd")


def test_only_keys_that_can_seal_are_listed(token: SoftToken) -> None:
    TokenKeys.add(token.address, "t2")
    with token.session() as session:
        session.generate_key(pkcs11.KeyType.AES, 128, label="short", store=True)
        session.generate_key(pkcs11.KeyType.AES, 256, label="no key id", store=True)
        session.generate_keypair(pkcs11.KeyType.RSA, 2048, label="rsa", store=True)
    with TokenKeys(token.address) as keys:
        assert keys.key_ids == ("t1", "t2")
        with pytest.raises(KeyRingError, match="no key is named for new files"):
            keys.wrap(b"k" * 32, ANY)
    with pytest.raises(KeyRingError, match="key 't2' exists already"):
        TokenKeys.add(token.address, "t2")
    with pytest.raises(KeyRingError, match="is not a key id"):
        TokenKeys.add(token.address, "../t3")


@pytest.mark.parametrize(
    "wrapped",
    [
        WrappedKey(AES_KWP, "t1", bytes(40)),
        WrappedKey(AES_KWP, "t1", bytes(276)),
        WrappedKey(2, "t1", bytes(40)),
    ],
)
def test_what_the_token_did_not_wrap_is_refused(keys: TokenKeys, wrapped: WrappedKey) -> None:
    with pytest.raises(KeyRingError, match="was not wrapped by key 't1' of the token 'state'"):
        keys.unwrap(wrapped, ANY)


def test_a_job_moves_from_the_ring_into_the_token_and_back(
    tmp_path: Path, ring: KeyRing, keys: TokenKeys, seal: Callable[[str, bytes], Path]
) -> None:
    path = seal("moved", b"state" * 10_000)
    with pytest.raises(SealedFileError, match="key 'k1' is not in the token"):
        open_sealed(path, keys)
    into = KeyChain(keys, ring)
    assert into.key_ids == ("k1", "t1")
    assert rekey_file(path, into).outcome is Outcome.REWRAPPED
    assert rekey_file(path, into).outcome is Outcome.CURRENT
    with open_sealed(path, keys) as file:
        assert file.read() == b"state" * 10_000
    with pytest.raises(SealedFileError, match="key 't1' is not in the key ring"):
        open_sealed(path, ring)
    assert rekey_file(path, KeyChain(ring, keys)).needs == ("k1",)
    assert verify_file(path, ring).whole


def test_a_chain_names_every_place_that_lacks_a_key(ring: KeyRing, keys: TokenKeys) -> None:
    with pytest.raises(KeyMissingError) as error:
        KeyChain(ring, keys).unwrap(WrappedKey(AES_KWP, "gone", bytes(40)), ANY)
    assert error.value.message == (
        f"key 'gone' is not in the key ring {ring.directory} or the token 'state' ({MODULE})"
    )


def test_one_id_in_two_places_is_refused(tmp_path: Path, keys: TokenKeys) -> None:
    ring = KeyRing.create(tmp_path / "same", "t1")
    with pytest.raises(KeyRingError, match="both have a key 't1'"):
        KeyChain(keys, ring)


@GONE
def test_a_place_that_does_not_answer_hides_no_other(ring: KeyRing, keys: TokenKeys) -> None:
    wrapped = ring.wrap(b"k" * 32, ANY)
    chain = KeyChain(keys, ring)
    keys.close()
    assert chain.unwrap(wrapped, ANY) == b"k" * 32
    with pytest.raises(KeysUnavailableError):
        chain.unwrap(WrappedKey(AES_KWP, "gone", bytes(40)), ANY)


def test_no_pin_is_in_what_is_shown_of_a_token(keys: TokenKeys, token: SoftToken) -> None:
    shown = f"{keys!r} {keys.describe()} {token.address!r} {token.address}"
    assert PIN not in shown
    assert str(token.pin) in shown
