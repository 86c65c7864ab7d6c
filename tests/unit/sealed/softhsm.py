# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 tokens in software: SoftHSM, as Debian has it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11

from flinksec_jobs.sealed import TokenAddress
from flinksec_jobs.secrets import SecretFile

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "cA7-user-pin-9150"


@dataclass(frozen=True)
class SoftToken:
    """A token of its own, with its user's PIN in a file.

    Attributes:
        directory: where SoftHSM keeps all tokens.
        label: the token's label.
        pin: the PIN's file.
    """

    directory: Path
    label: str
    pin: Path

    @classmethod
    def make(cls, directory: Path, label: str) -> "SoftToken":
        """Initialises a token, in a SoftHSM that keeps its tokens in this directory."""
        tokens = directory / "tokens"
        tokens.mkdir(exist_ok=True)
        config = directory / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(config)
        command = ["softhsm2-util", "--init-token", "--free", "--label", label]
        subprocess.run(
            [*command, "--so-pin", "so-pin-1", "--pin", PIN], check=True, capture_output=True
        )
        # A module reads its tokens when it starts, and this process may have it loaded.
        pkcs11.lib(str(MODULE)).reinitialize()
        pin = directory / f"{label}.pin"
        pin.touch(0o600)
        pin.write_text(PIN + "\n")
        return cls(tokens, label, pin)

    @property
    def address(self) -> TokenAddress:
        return TokenAddress(MODULE, SecretFile(self.pin), self.label)

    def uri(self, key: str | None = None) -> str:
        chosen = f";object={key}" if key else ""
        query = f"module-path={MODULE}&pin-source=file:{self.pin}"
        return f"pkcs11:token={self.label}{chosen}?{query}"

    def settings(self, primary: str | None = None) -> dict[str, str]:
        """The table [state.pkcs11]."""
        chosen = {"primary": primary} if primary else {}
        return {
            "module": str(MODULE),
            "token": self.label,
            "pin": f"file:{self.pin}",
            **chosen,
        }

    def session(self) -> Any:
        """A session of the test's own, to make keys as other tools would."""
        found = pkcs11.lib(str(MODULE)).get_token(token_label=self.label)
        try:
            return found.open(rw=True, user_pin=PIN)
        except pkcs11.UserAlreadyLoggedIn:
            return found.open(rw=True)
