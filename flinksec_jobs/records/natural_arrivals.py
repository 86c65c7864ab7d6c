# SPDX-License-Identifier: Apache-2.0
"""Let a function get natural values: in its elements, its windows, and its key."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.records import natural
from flinksec_jobs.records.declared import Incoming
from flinksec_jobs.records.natural import Change

# PyFlink's methods that get an element first, by the input that it comes from.
_METHODS = {
    "process_element": 0,
    "process_element1": 0,
    "process_element2": 1,
    "process_broadcast_element": 1,
}


def make_natural(function: Any, comes: Incoming) -> None:
    """Change what a function's methods get, if there is anything to change.

    Args:
        function: PyFlink's function object, or the description of a window operation.
        comes: the types of its inputs and of its key.
    """
    changes = [natural.arriving(element) if element else None for element in comes.elements]
    to_key = natural.of_key(comes.key) if comes.key else None
    window_function = getattr(function, "internal_window_function", None)
    if window_function is not None:
        if changes and changes[0] is not None:
            _change_in_windows(function.assigner, changes[0])
        if to_key is not None:
            _change_key_of_windows(window_function, to_key)
        return
    for method, place in _METHODS.items():
        if not hasattr(function, method) or place >= len(changes):
            continue
        change = changes[place]
        if change is not None:
            _change_element(function, method, change)
        if to_key is not None:
            _change_key(function, method, to_key)
    if to_key is not None and hasattr(function, "on_timer"):
        _change_key(function, "on_timer", to_key)


def _change_element(function: Any, method: str, change: Change) -> None:
    original = getattr(function, method)

    def call(value: Any, *rest: Any) -> Any:
        return original(change(value), *rest)

    setattr(function, method, call)


def _change_in_windows(assigner: Any, change: Change) -> None:
    """Rows are changed in place, so that the window keeps natural ones."""
    original = assigner.assign_windows

    def assign_windows(element: Any, *rest: Any) -> Any:
        return original(change(element), *rest)

    assigner.assign_windows = assign_windows


def _change_key_of_windows(window_function: Any, to_key: Change) -> None:
    original = window_function.process

    def process(key: Any, *rest: Any) -> Any:
        return original(to_key(key), *rest)

    window_function.process = process


def _change_key(function: Any, method: str, to_key: Change) -> None:
    """Change what the context says, which is one and the same object for all elements."""
    original = getattr(function, method)
    changed: set[int] = set()

    def call(value: Any, context: Any) -> Any:
        if id(context) not in changed:
            changed.add(id(context))
            ask = context.get_current_key
            context.get_current_key = lambda: to_key(ask())
        return original(value, context)

    setattr(function, method, call)
