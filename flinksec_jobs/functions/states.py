# SPDX-License-Identifier: Apache-2.0
"""The states of a function: one blob for each key of a batch, and those that have changed.

A value that nobody can change is kept for as long as its batch is, and, if it is small, until the
JVM forgets its keys or asks for what has changed: at a checkpoint, and when there are many keys.
Any other is made anew of its bytes each time, and becomes bytes where it is put, as it does in a
state backend.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.functions import state_types, time_to_live
from flinksec_jobs.functions.contexts import Now
from flinksec_jobs.functions.state_types import StateType

_UNREAD: Any = object()


class States:
    """All states of a function; for PyFlink's runtime context its state backend.

    Args:
        now: what the function is called for.
        name: of the function, for messages.
    """

    def __init__(self, now: Now, name: str) -> None:
        self._now = now
        self._name = name
        self._java: Any = None
        self._states: dict[str, State] = {}
        self._in_order: list[State] = []
        self._is_open = False

    def opening(self, java: Any) -> States:
        """Take the JVM's side, None on a stream without keys; returns itself.

        Args:
            java: ``org.flinksec.functions.KeyedBlobs``, or what stands for it in another process.
        """
        self._java = java
        return self

    def opened(self) -> None:
        """Refuse further states."""
        self._is_open = True

    def begin(self, blobs: list[list[bytes | None]], told: int) -> None:
        """Begin a batch: for each state the blobs of keys behind so many that are there."""
        for state, of_state in zip(self._in_order, blobs, strict=True):
            state.begin(of_state, told)

    def changed(self) -> list[list[Any]]:
        """Return for each state in turns places of keys and blobs, and take them for kept."""
        return [state.changed() for state in self._in_order]

    def get_value_state(self, descriptor: Any) -> ValueState:
        """Return PyFlink's ``ValueState``."""
        made: ValueState = self._of(descriptor, "value", ValueState, descriptor.type_info)
        return made

    def get_list_state(self, descriptor: Any) -> ListState:
        """Return PyFlink's ``ListState``."""
        self._refuse_ttl(descriptor, "ListState")
        made: ListState = self._of(descriptor, "list", ListState, descriptor.type_info)
        return made

    def get_map_state(self, descriptor: Any) -> MapState:
        """Return PyFlink's ``MapState``."""
        self._refuse_ttl(descriptor, "MapState")
        made: MapState = self._of(descriptor, "map", MapState, descriptor.type_info)
        return made

    def get_reducing_state(self, descriptor: Any) -> ReducingState:
        """Return PyFlink's ``ReducingState``."""
        made: ReducingState = self._of(descriptor, "reducing", ReducingState, descriptor.type_info)
        made.reduce = descriptor.get_reduce_function().reduce
        return made

    def get_aggregating_state(self, descriptor: Any) -> AggregatingState:
        """Return PyFlink's ``AggregatingState``."""
        made: AggregatingState = self._of(
            descriptor, "aggregating", AggregatingState, descriptor.type_info
        )
        made.function = descriptor.get_agg_function()
        return made

    def _refuse_ttl(self, descriptor: Any, kind: str) -> None:
        if time_to_live.is_limited(descriptor):
            raise JobError(
                f"the state {descriptor.name!r} of {self._name} is a {kind} with a time to live, "
                "whose entries do not end by themselves in batches",
                hint="run the function without fast(…), or give each entry its time and end it "
                "by a timer",
            )

    def _of(self, descriptor: Any, kind: str, cls: Any, flink: Any) -> Any:
        name = descriptor.name
        if self._java is None:
            raise JobError(
                f"{self._name} asks for the state {name!r} on a stream without keys",
                hint="put key_by_field(…) or key_by(…) before it",
            )
        if self._is_open:
            raise JobError(
                f"{self._name} asks for the state {name!r} outside of open(), which functions of "
                "fast(…) cannot",
                hint="ask for all states in open()",
            )
        if name in self._states:
            if type(self._states[name]) is not cls:
                raise JobError(
                    f"{self._name} asks for the state {name!r} as two kinds of state",
                    hint="give each state a name of its own",
                )
            return self._states[name]
        held = state_types.of_flink(flink, f"the state {name!r}")
        made = cls(self._now, held)
        text = state_types.as_text(kind, held)
        self._java.register(name, text, held.small, time_to_live.of_descriptor(descriptor))
        self._states[name] = made
        self._in_order.append(made)
        return made


class State:
    """A state of any kind: a value for each key, which is None where there is nothing."""

    def __init__(self, now: Now, held: StateType) -> None:
        self._now = now
        self._held = held
        self._keeps = held.unchanging
        self._blobs: list[bytes | None] = []
        self._values: list[Any] = []
        self._changed: dict[int, Any] = {}

    def begin(self, blobs: list[bytes | None], told: int) -> None:
        """Begin a batch with the blobs of keys behind so many that stay from before."""
        if told:
            self._blobs += blobs
            self._values += [_UNREAD] * len(blobs)
        else:
            self._blobs = blobs
            self._values = [_UNREAD] * len(blobs)
            self._changed = {}

    def changed(self) -> list[Any]:
        """Return places of keys and blobs in turns, of what has changed since the last time."""
        entries: list[Any] = []
        finish = self._held.finish if self._keeps else _same
        for slot, packed in self._changed.items():
            entries += (slot, None if packed is None else finish(packed))
        self._changed = {}
        return entries

    def clear(self) -> None:
        """Forget the value of the current key."""
        self._put(None)

    def _get(self) -> Any:
        slot = self._now.slot
        if not self._keeps:
            blob = self._blobs[slot]
            return None if blob is None else self._held.of_bytes(blob)
        value = self._values[slot]
        if value is _UNREAD:
            blob = self._blobs[slot]
            value = self._values[slot] = None if blob is None else self._held.of_bytes(blob)
        return value

    def _put(self, value: Any) -> None:
        # An error belongs to the line that puts it, so it is packed here, if not yet encoded.
        slot, held = self._now.slot, self._held
        if self._keeps:
            packed = None if value is None else held.pack(value)
            self._changed[slot] = packed
            # What it is behind a checkpoint it is at once: a list for a tuple, an int for a float.
            self._values[slot] = value if packed is value else held.unpack(packed)
        else:
            blob = None if value is None else held.to_bytes(value)
            self._changed[slot] = self._blobs[slot] = blob


def _same(value: Any) -> Any:
    return value


class ValueState(State):
    """PyFlink's ``ValueState``."""

    def value(self) -> Any:
        """Return the value of the current key; None if it has none."""
        return self._get()

    def update(self, value: Any) -> None:
        """Give the current key a value; None for none."""
        self._put(value)


class ReducingState(State):
    """PyFlink's ``ReducingState``."""

    reduce: Any

    def get(self) -> Any:
        """Return what all values of the current key have been reduced to; None if it has none."""
        return self._get()

    def add(self, value: Any) -> None:
        """Add a value; None forgets all."""
        before = None if value is None else self._get()
        self._put(value if before is None else self.reduce(before, value))


class AggregatingState(State):
    """PyFlink's ``AggregatingState``, which holds an accumulator."""

    function: Any

    def get(self) -> Any:
        """Return the result of the current key; None if it has none."""
        held = self._get()
        return None if held is None else self.function.get_result(held)

    def add(self, value: Any) -> None:
        """Add a value; None forgets all."""
        if value is None:
            self._put(None)
            return
        held = self._get()
        held = self.function.create_accumulator() if held is None else held
        self._put(self.function.add(value, held))


class _Container(State):
    """A state of several values: read once for each key of a batch, and written at its end.

    What goes in and out is copied, unless nobody can change it.
    """

    def __init__(self, now: Now, held: StateType) -> None:
        super().__init__(now, held)
        self._is_plain = bool(held.parts) and all(part.unchanging for part in held.parts)

    def _held_values(self) -> Any:
        slot = self._now.slot
        value = self._values[slot]
        if value is _UNREAD:
            blob = self._blobs[slot]
            value = None if blob is None else self._held.of_bytes(blob)
            self._values[slot] = self._empty() if value is None else value
        return self._values[slot]

    def _empty(self) -> Any:
        raise NotImplementedError

    def changed(self) -> list[Any]:
        """Return places of keys and blobs in turns, of what has changed in this batch."""
        entries: list[Any] = []
        for slot in self._changed:
            values = self._values[slot]
            entries += (slot, self._held.to_bytes(values) if values else None)
        return entries

    def clear(self) -> None:
        """Forget all of the current key."""
        self._values[self._now.slot] = self._empty()
        self._changed[self._now.slot] = None


class ListState(_Container):
    """PyFlink's ``ListState``."""

    def _empty(self) -> list[Any]:
        return []

    def get(self) -> Iterator[Any]:
        """Give the values of the current key, in the order in which they came."""
        held = self._held_values()
        if self._is_plain:
            return iter(held[:])
        copied = self._held.unpack(self._held.pack(held)) if held else held
        return iter(copied)

    def __iter__(self) -> Iterator[Any]:
        return self.get()

    def add(self, value: Any) -> None:
        """Add a value behind the others."""
        self.add_all([value])

    def add_all(self, values: Iterable[Any]) -> None:
        """Add values behind the others."""
        added = self._held.unpack(self._held.pack(_no_null(list(values))))
        self._held_values().extend(added)
        self._changed[self._now.slot] = None

    def update(self, values: Iterable[Any]) -> None:
        """Put values in the place of the others."""
        made = self._held.unpack(self._held.pack(_no_null(list(values))))
        self._values[self._now.slot] = made
        self._changed[self._now.slot] = None


def _no_null(values: list[Any]) -> list[Any]:
    if any(value is None for value in values):
        raise FlinkSecError("a ListState takes no None", hint="leave it out, or add another value")
    return values


class MapState(_Container):
    """PyFlink's ``MapState``."""

    def _empty(self) -> dict[Any, Any]:
        return {}

    def _one(self, entries: dict[Any, Any]) -> dict[Any, Any]:
        made: dict[Any, Any] = self._held.unpack(self._held.pack(entries))
        return made

    def get(self, key: Any) -> Any:
        """Return the value of a key; None if there is none."""
        held, key = self._held_values(), state_types.one_nan(key)
        if self._is_plain:
            return held.get(key)
        if key not in held:
            return None
        return next(iter(self._one({key: held[key]}).values()))

    def put(self, key: Any, value: Any) -> None:
        """Give a key a value."""
        if self._is_plain:
            of_key, of_value = self._held.parts
            settled = state_types.one_nan(of_key.settled(key))
            self._held_values()[settled] = of_value.settled(value)
            self._changed[self._now.slot] = None
        else:
            self.put_all({key: value})

    def put_all(self, dict_value: dict[Any, Any]) -> None:
        """Give keys values."""
        self._held_values().update(self._one(dict(dict_value)))
        self._changed[self._now.slot] = None

    def remove(self, key: Any) -> None:
        """Forget a key; nothing if it is not there."""
        if self._held_values().pop(state_types.one_nan(key), _UNREAD) is not _UNREAD:
            self._changed[self._now.slot] = None

    def contains(self, key: Any) -> bool:
        """Whether there is such a key."""
        return state_types.one_nan(key) in self._held_values()

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Give keys and values."""
        held = self._held_values()
        if self._is_plain:
            return iter(dict(held).items())
        return iter((self._one(held) if held else {}).items())

    def keys(self) -> Iterator[Any]:
        """Give the keys."""
        return map(operator.itemgetter(0), self.items())

    def values(self) -> Iterator[Any]:
        """Give the values."""
        return map(operator.itemgetter(1), self.items())

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        return not self._held_values()

    __getitem__ = get
    __setitem__ = put
    __delitem__ = remove
    __contains__ = contains
    __iter__ = keys
