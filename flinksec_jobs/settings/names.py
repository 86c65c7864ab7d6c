# SPDX-License-Identifier: Apache-2.0
"""What was probably meant by a name that nobody knows."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known name that looks most like this one; case and blanks count little.

    Args:
        name: what was written.
        known: the names that there are.
        cutoff: how alike they must be, from 0 to 1.
    """
    names = list(known)
    alike = {known_name.lower(): known_name for known_name in names}
    if found := alike.get(name.strip().lower()):
        return found
    matches = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return matches[0] if matches else None
