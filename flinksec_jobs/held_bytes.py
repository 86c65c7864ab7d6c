# SPDX-License-Identifier: Apache-2.0
"""How many bytes of rows an open file of columns holds in memory."""

from __future__ import annotations

from flinksec_jobs.errors import SettingsError

DEFAULT = 64 << 20
_LEAST = 1 << 16
_MOST = 1 << 31


def check_held_bytes(argument: str, size: object, of: str, what: str) -> None:
    """Refuse a size that can be none.

    Args:
        argument: its name.
        size: as it was given.
        of: the name of the format.
        what: of which it is the size, ``row groups``.

    Raises:
        SettingsError: it says which can.
    """
    if not isinstance(size, int) or isinstance(size, bool) or not _LEAST <= size < _MOST:
        raise SettingsError(
            f"the {argument}={size!r} of {of} is no size of {what}",
            hint=f"give bytes, from {_LEAST} to {_MOST - 1}, such as {DEFAULT}",
        )
