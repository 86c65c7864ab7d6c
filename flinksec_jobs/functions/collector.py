# SPDX-License-Identifier: Apache-2.0
"""Python's collector of garbage, kept to what functions in batches make.

A full collection looks at every container that Python holds, some 170,000 of PyFlink's and the
program's modules, and the records of a batch, which live long enough for it, bring one about every
few dozen batches: a third of the time of a cheap function, and pauses of 90 ms.
"""

from __future__ import annotations

import gc

_PYTHONS_OWN = (700, 10, 10)
# More than a batch of usual size has: its records are garbage when it ends, without a collection.
_FOR_BATCHES = (10_000, 10, 10)


class Collector:
    """What of all functions of this Python is looked at; `gc` has one state for all of them."""

    def __init__(self) -> None:
        self._has_closed = False

    def opened(self) -> None:
        """Leave out what is there now: a function has been opened.

        What an earlier function, before a restart say, has left behind is collected first.
        """
        if self._has_closed:
            self._has_closed = False
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        if gc.get_threshold() == _PYTHONS_OWN:  # else the program has its reasons
            gc.set_threshold(*_FOR_BATCHES)

    def closed(self) -> None:
        """Hear that a function has been closed."""
        self._has_closed = True


collector = Collector()
"""That of this Python."""
