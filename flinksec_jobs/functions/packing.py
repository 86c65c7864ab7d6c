# SPDX-License-Identifier: Apache-2.0
"""MessagePack, by `msgspec`, which is imported where functions run only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


@functools.cache
def encoder() -> Callable[[Any], bytes]:
    """Return what makes bytes of lists, dicts and scalars."""
    import msgspec

    made: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode
    return made


@functools.cache
def decoder() -> Callable[[bytes | memoryview], Any]:
    """Return what makes lists, dicts and scalars of bytes."""
    import msgspec

    made: Callable[[bytes | memoryview], Any] = msgspec.msgpack.Decoder().decode
    return made
