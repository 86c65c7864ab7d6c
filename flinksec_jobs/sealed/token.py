# SPDX-License-Identifier: Apache-2.0
"""A PKCS#11 token: where it is, the login, its keys. Needs the extra ``[pkcs11]``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.format import KEY_ID
from flinksec_jobs.sealed.keyfiles import KEY_BYTES
from flinksec_jobs.sealed.provider import KeysUnavailableError
from flinksec_jobs.secrets import SecretFile

if TYPE_CHECKING:
    import pkcs11

# python-pkcs11 initialises a module for use by one thread at a time.
_ONE_AT_A_TIME = threading.RLock()
_refused: set[TokenAddress] = set()


@dataclass(frozen=True)
class TokenAddress:
    """Where a token is, and where its PIN is; never the PIN.

    Attributes:
        module: the PKCS#11 library of the token's maker.
        pin: the file with the user's PIN.
        token: the token's label.
        slot: the slot's id, in place of the label.
        setting: what messages call the PIN's setting.
    """

    module: Path
    pin: SecretFile
    token: str | None = None
    slot: int | None = None
    setting: str = field(default="state.pkcs11.pin", compare=False)

    def __str__(self) -> str:
        which = f"'{self.token}'" if self.token is not None else f"in slot {self.slot}"
        return f"token {which} ({self.module})"


class Token:
    """A token that was logged in to, with one session. Use it in a ``with`` block, or close it.

    Args:
        address: where it is.
        writable: for making keys.

    Raises:
        KeyRingError: if the module, the token or the PIN is missing or wrong. A wrong PIN is tried
            once, and never on a token that it would lock.
    """

    def __init__(self, address: TokenAddress, *, writable: bool = False) -> None:
        self.address = address
        with _answers(address):
            self._session = _log_in(address, writable=writable)

    def close(self) -> None:
        """Log this process out of the token, with all of its sessions; a token may be gone."""
        import pkcs11

        with _ONE_AT_A_TIME, suppress(pkcs11.PKCS11Error):
            self._session.close()

    def key_ids(self) -> tuple[str, ...]:
        """Return the labels of the token's AES-256 keys that are key ids, sorted."""
        import pkcs11

        attributes = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
        }
        with _answers(self.address):
            keys: list[Any] = list(self._session.get_objects(attributes))
            found = [key.label for key in keys if _is_aes_256(key)]
        return tuple(sorted({label for label in found if label and KEY_ID.fullmatch(label)}))

    def find(self, key_id: str) -> Any | None:
        """Return the AES-256 key with this label.

        Raises:
            KeyRingError: if there are several, if the one that is there is of another type, or if
                it could be read out of the token.
        """
        import pkcs11

        with _answers(self.address):
            found: list[Any] = list(self._session.get_objects({pkcs11.Attribute.LABEL: key_id}))
            keys = [key for key in found if _is_aes_256(key)]
            if not found:
                return None
            if len(keys) != 1:
                raise KeyRingError(
                    f"{self.address}: the label '{key_id}' is "
                    + ("on several AES keys" if keys else "not that of an AES key of 256 bits"),
                    hint="a key's label is its id, and must be that of one AES-256 key only",
                )
            if not keys[0][pkcs11.Attribute.SENSITIVE] and keys[0][pkcs11.Attribute.EXTRACTABLE]:
                raise KeyRingError(
                    f"{self.address}: the key '{key_id}' can be read out of the token in clear",
                    hint="make one that cannot: flinksec state keys add",
                )
            return keys[0]

    def generate(self, key_id: str) -> None:
        """Make a random AES-256 key in the token, which can never be read out of it.

        Raises:
            KeyRingError: if the label is taken, or the token makes another kind of key.
        """
        import pkcs11

        if self.find(key_id) is not None:
            raise KeyRingError(f"{self.address}: key '{key_id}' exists already")
        with _answers(self.address):
            self._session.generate_key(
                pkcs11.KeyType.AES,
                KEY_BYTES * 8,
                id=key_id.encode(),
                label=key_id,
                store=True,
                capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
                template={
                    pkcs11.Attribute.PRIVATE: True,
                    pkcs11.Attribute.SENSITIVE: True,
                    pkcs11.Attribute.EXTRACTABLE: False,
                },
            )
        key = self.find(key_id)
        if key is None or key[pkcs11.Attribute.EXTRACTABLE]:
            raise KeyRingError(f"{self.address}: it made '{key_id}' a key that can leave it")

    def encrypt(self, key: Any, block: bytes) -> bytes:
        """One block of 16 bytes."""
        import pkcs11

        with _answers(self.address):
            return bytes(key.encrypt(block, mechanism=pkcs11.Mechanism.AES_ECB))

    def decrypt(self, key: Any, block: bytes) -> bytes:
        """One block of 16 bytes."""
        import pkcs11

        with _answers(self.address):
            return bytes(key.decrypt(block, mechanism=pkcs11.Mechanism.AES_ECB))


def _log_in(address: TokenAddress, *, writable: bool) -> pkcs11.Session:
    import pkcs11

    token = _find(address)
    if token.flags & (pkcs11.TokenFlag.USER_PIN_FINAL_TRY | pkcs11.TokenFlag.USER_PIN_LOCKED):
        raise KeyRingError(
            f"{address}: its PIN is locked, or one more wrong PIN would lock it: not tried",
            hint="log in once with the token's own tools, or let its security officer set a PIN",
        )
    if address in _refused:
        raise _wrong_pin(address)
    try:
        return token.open(rw=writable, user_pin=address.pin.read_text(address.setting))
    except pkcs11.UserAlreadyLoggedIn:
        return token.open(rw=writable)
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked):
        _refused.add(address)
        raise _wrong_pin(address) from None


def _wrong_pin(address: TokenAddress) -> KeyRingError:
    return KeyRingError(
        f"{address}: {address.setting} ({address.pin.path}) does not hold its user PIN",
        hint="it was tried once and is not tried again by this process: tokens lock themselves",
    )


def _find(address: TokenAddress) -> pkcs11.Token:
    """Return the one token with the label, or in the slot."""
    import pkcs11

    slots = _module(address).get_slots(token_present=True)
    tokens: list[pkcs11.Token] = [slot.get_token() for slot in slots]
    found = [
        token
        for slot, token in zip(slots, tokens, strict=True)
        if address.slot in {None, slot.slot_id} and address.token in {None, token.label}
        if pkcs11.TokenFlag.TOKEN_INITIALIZED & token.flags
    ]
    if len(found) == 1:
        return found[0]
    labels = sorted({f"'{token.label}'" for token in tokens if token.label})
    raise KeysUnavailableError(
        f"{address}: " + ("several tokens have this label" if found else "there is no such token"),
        hint="name its slot" if found else f"the module has {', '.join(labels) or 'no token'}",
    )


def _module(address: TokenAddress) -> Any:
    if not address.module.is_file():
        raise KeysUnavailableError(
            f"the PKCS#11 module {address.module} does not exist",
            hint="install the library of the token's maker, and name it with its whole path",
        )
    try:
        import pkcs11
    except ModuleNotFoundError:
        raise KeysUnavailableError(
            "keys in a PKCS#11 token need the package python-pkcs11",
            hint="pip install 'flinksec-jobs[pkcs11]'",
        ) from None
    try:
        return pkcs11.lib(str(address.module))
    except (pkcs11.PKCS11Error, RuntimeError) as e:
        raise KeysUnavailableError(
            f"the PKCS#11 module {address.module} cannot be loaded: {e or type(e).__name__}",
            hint="it must be a PKCS#11 library for this machine, and find its own configuration",
        ) from None


@contextmanager
def _answers(address: TokenAddress) -> Iterator[None]:
    """One call at a time; what the token says, as one of our errors."""
    with _ONE_AT_A_TIME:
        try:
            yield
        except RuntimeError as e:
            if not type(e).__module__.startswith("pkcs11"):
                raise
            raise KeysUnavailableError(
                f"{address}: it does not do what it is asked: {type(e).__name__} {e}".rstrip(),
                hint="look at the token, its module's configuration and its log",
            ) from None


def _is_aes_256(key: Any) -> bool:
    import pkcs11

    return (
        key.object_class is pkcs11.ObjectClass.SECRET_KEY
        and key.key_type is pkcs11.KeyType.AES
        and key.key_length == KEY_BYTES * 8
    )
