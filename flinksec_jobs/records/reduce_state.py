# SPDX-License-Identifier: Apache-2.0
"""Let PyFlink's ``reduce`` find its state again after a restart.

Its adapter puts a new random uuid into the name of the state each time that it is opened, so a
restored job would go on from nothing, without an error.
"""

from __future__ import annotations

import re
from typing import Any

_ADAPTER = "ReduceProcessKeyedProcessFunctionAdapter"
_NAME = "_reduce_state"
_RANDOM_NAME = re.compile(rf"{_NAME}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}")


def keep_name(function: Any) -> None:
    """Give the state of PyFlink's adapter of ``reduce`` the same name at each start.

    Args:
        function: PyFlink's function object; one that is not this adapter stays as it is.
    """
    if type(function).__name__ != _ADAPTER:
        return
    original = function.open

    def open_with_one_name(context: Any) -> None:
        original(_Naming(context))

    function.open = open_with_one_name


class _Naming:
    """A runtime context that takes the uuid out of the name of the adapter's state."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def get_reducing_state(self, descriptor: Any) -> Any:
        if _RANDOM_NAME.fullmatch(descriptor.name):
            descriptor.name = _NAME
        return self._context.get_reducing_state(descriptor)
