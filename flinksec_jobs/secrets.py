# SPDX-License-Identifier: Apache-2.0
"""References to secrets: where a secret lies, never what it is."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from flinksec_jobs.errors import SecretError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SECRET, bounded, open_regular, reason

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

# A group may read: so a Kubernetes Secret reaches a process that is not root.
_TOO_OPEN = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_WHAT_A_REFERENCE_IS = (
    "a secret is never written into the settings: put it into a file of mode 0600 "
    'and write "file:/path/of/the/file"'
)


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret that lies in a file; the settings know only the path.

    The bytes are read by the process that needs them, at the moment it needs them, and are
    not kept. Kubernetes mounts Secrets as such files (``defaultMode: 0440`` with ``fsGroup``).

    Args:
        path: the file, made absolute.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path).absolute())

    @classmethod
    def parse(cls, reference: str) -> SecretFile:
        """Read ``file:/path`` (also ``file:///path``, ``file:relative/path``) or ``/path``.

        Raises:
            SecretError: the text is no reference; the text itself is not repeated, as it may
                be the secret.
        """
        location = (
            reference.removeprefix("file://")
            if reference.startswith("file:///")
            else (reference.removeprefix("file:"))
        )
        is_reference = reference.startswith(("file:", "/")) and not location.startswith("//")
        if not is_reference or not location or not location.isprintable():
            raise SecretError("not a reference to a file", hint=_WHAT_A_REFERENCE_IS)
        return cls(Path(location))

    def check(self, setting: str | None = None) -> None:
        """Make sure that the secret can be used: present, readable, not empty, not exposed.

        Args:
            setting: the setting that holds this reference, for the message.

        Raises:
            SecretError: it cannot; says why and how to mend it.
        """
        self._read(setting, whole=False)

    def read_bytes(self, setting: str | None = None) -> bytes:
        """Return the secret after the same checks as `check`."""
        return self._read(setting, whole=True)

    def read_text(self, setting: str | None = None) -> str:
        """Return the secret as UTF-8 text without one trailing newline, which editors add.

        Raises:
            SecretError: it cannot be used, is not UTF-8, or has nothing but that newline.
        """
        try:
            text = self.read_bytes(setting).decode("utf-8")
        except UnicodeDecodeError:
            # Without the cause: it holds the bytes.
            raise SecretError(
                f"{self._named(setting)} is not UTF-8 text", hint="write it as UTF-8"
            ) from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise self._empty(setting)
        return text

    def read_word(self, setting: str | None = None) -> str:
        """Return the secret as `read_text` does, if it is one word of visible ASCII, as a key is.

        Raises:
            SecretError: as `read_text`, or it is something else.
        """
        text = self.read_text(setting)
        if all("!" <= character <= "~" for character in text):
            return text
        raise SecretError(
            f"{self._named(setting)} holds something else than one word",
            hint="write the key or token alone into it",
        )

    def read_line(self, setting: str | None = None) -> str:
        """Return the secret as `read_text` does, if it is one line, as a password is (RFC 7617).

        Raises:
            SecretError: as `read_text`, or it has control characters or a byte order mark.
        """
        text = self.read_text(setting)
        if text.startswith("\ufeff") or any(category(one) == "Cc" for one in text):
            raise SecretError(
                f"{self._named(setting)} holds several lines, control characters or a byte order "
                "mark",
                hint="write the password alone into it, as UTF-8",
            )
        return text

    def _read(self, setting: str | None, *, whole: bool) -> bytes:
        try:
            with open_regular(self.path) as file:
                self._refuse_unsafe(os.fstat(file.fileno()), setting)
                return bounded(file, SECRET, self.path) if whole else file.read(1)
        except OSError as error:
            raise SecretError(
                f"{self._named(setting)} cannot be read: {reason(error)}",
                hint=f"make sure that {self.path} is the regular file that holds the secret and "
                f"that user id {os.geteuid()} may read it",
            ) from error

    def _refuse_unsafe(self, found: os.stat_result, setting: str | None) -> None:
        if found.st_mode & _TOO_OPEN:
            raise SecretError(
                f"{self._named(setting)} is too widely open "
                f"(mode {stat.S_IMODE(found.st_mode):04o})",
                hint=f"chmod 0600 {self.path}",
            )
        if found.st_size == 0:
            raise self._empty(setting)

    def _empty(self, setting: str | None) -> SecretError:
        return SecretError(f"{self._named(setting)} is empty", hint="write the secret into it")

    def _named(self, setting: str | None) -> str:
        location = f"file:{escaped(self.path)}"
        return f"{setting} ({location})" if setting else location

    def __repr__(self) -> str:
        return f"<SECRET file:{self.path}>"

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._from_setting, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def _from_setting(cls, value: object) -> SecretFile:
        if isinstance(value, cls):
            return value
        if isinstance(value, Path):
            return cls(value)
        try:
            if isinstance(value, str):
                return cls.parse(value)
        except SecretError:
            pass
        raise PydanticCustomError(
            "flinksec", "is not a reference to a file: {hint}", {"hint": _WHAT_A_REFERENCE_IS}
        )
