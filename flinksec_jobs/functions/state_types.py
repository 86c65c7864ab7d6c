# SPDX-License-Identifier: Apache-2.0
"""What a state holds: from PyFlink's type to the bytes of a checkpoint and back.

The bytes are one of version, and the value in MessagePack: a row is a map by the names of its
fields, a dict an array of keys and values in turns, a time microseconds and a date days since
1970, a decimal and a UUID text. A value of a pickled type is its pickle behind the same byte.
"""

from __future__ import annotations

import json
import math
import pickle
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import FlinkSecError, RecordValueError
from flinksec_jobs.functions import packing, received_rows
from flinksec_jobs.records import defaults, natural
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.flink_types import field_type, row_fields
from flinksec_jobs.records.rows import fit_row, info_of, named_values
from flinksec_jobs.records.values import LARGEST, SMALLEST, article, fitting

VERSION = b"\x01"
# What the value of a local variable looks like that is packed as it is.
_AS_IT_IS = {
    "int": f"type({{v}}) is int and {SMALLEST} <= {{v}} <= {LARGEST}",
    "float": "type({v}) is float",
    "bool": "({v} is True or {v} is False)",
    "bytes": "type({v}) is bytes",
    "str": "type({v}) is str and {v}.isascii()",
}
Change = Callable[[Any], Any]
_UNCHANGING = ("str", "int", "int32", "float", "bool", "bytes", "datetime", "date", "decimal")
# Of each value of these it is known how long it is at most.
_SMALL = ("int", "int32", "float", "bool", "datetime", "date", "uuid", "enum")


@dataclass(frozen=True)
class StateType:
    """The type of a value in a state.

    Attributes:
        text: for the JVM, which compares it with that of a checkpoint; an object for JSON.
        pack: makes of a natural value, None included, what is encoded; raises RecordValueError.
        unpack: makes a natural value of what is decoded, None included.
        unchanging: whether nobody can change a value that he has.
        pickled: whether its bytes are a pickle.
        parts: of a list that of its values, of a dict those of keys and values; else empty.
        small: whether a value that nobody can change takes little memory, whatever it is.
        as_it_is: the test of a variable ``{v}`` whose value is packed as it is; empty for none.
    """

    text: dict[str, Any]
    pack: Change
    unpack: Change
    unchanging: bool
    pickled: bool = False
    small: bool = False
    parts: tuple[StateType, ...] = ()
    as_it_is: str = ""

    def settled(self, value: Any) -> Any:
        """Return what a value is behind a checkpoint, of a type that nobody can change."""
        packed = self.pack(value)
        return value if packed is value else self.unpack(packed)

    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes of a value, which is not None."""
        if self.pickled:
            return VERSION + pickle.dumps(value)
        return self.finish(self.pack(value))

    def finish(self, packed: Any) -> bytes:
        """Return the bytes of a packed value, of a type that is not pickled."""
        return VERSION + packing.encoder()(packed)

    def of_bytes(self, blob: bytes) -> Any:
        """Return the value of some bytes."""
        if self.pickled:
            return pickle.loads(behind_version(blob))  # noqa: S301  the job's state
        return self.unpack(packing.decoder()(behind_version(blob)))


def behind_version(blob: bytes) -> memoryview:
    """Return what stands behind the version.

    Raises:
        FlinkSecError: it is another one.
    """
    if blob[:1] != VERSION:
        raise FlinkSecError(
            f"state of a function of fast(…) has the version {blob[0] if blob else 'none'}",
            hint="this release reads version 1: run the release that wrote it",
        )
    return memoryview(blob)[1:]


def of_flink(flink: Any, where: str) -> StateType:
    """Return the type of a state's values.

    Args:
        flink: PyFlink's.
        where: what to call it in messages.
    """
    from pyflink.common import typeinfo

    if isinstance(flink, typeinfo.ExternalTypeInfo):
        return of_flink(flink._type_info, where)
    if isinstance(flink, typeinfo.RowTypeInfo):
        cls = getattr(flink, "flinksec_record", None)
        return _row(FieldType("row", True, cls, row_fields(flink)), where)
    if isinstance(flink, typeinfo.TupleTypeInfo):
        parts = [
            of_flink(part, f"{where}[{place}]") for place, part in enumerate(flink._field_types)
        ]
        return _tuple(parts, where)
    lists = typeinfo.ListTypeInfo, typeinfo.ObjectArrayTypeInfo, typeinfo.BasicArrayTypeInfo
    if isinstance(flink, lists):
        inner = flink.elem_type if hasattr(flink, "elem_type") else flink._element_type
        return _list(of_flink(inner, f"{where}[]"), where)
    if isinstance(flink, typeinfo.MapTypeInfo):
        key = of_flink(flink._key_type_info, f"a key of {where}")
        return _dict(key, of_flink(flink._value_type_info, f"{where}{{}}"), where)
    field = field_type(flink)
    return _PICKLED if field.kind == "any" else _of_field(field, where)


def _same(value: Any) -> Any:
    return value


_PICKLED = StateType(
    {"kind": "pickled", "nullable": True},
    lambda value: None if value is None else pickle.dumps(value),
    lambda packed: None if packed is None else pickle.loads(packed),  # noqa: S301  the same
    unchanging=False,
    pickled=True,
)


def _of_field(field: FieldType, where: str) -> StateType:
    if field.kind == "row":
        return _row(field, where)
    if field.inner is not None:
        inner = _of_field(field.inner, where + ("[]" if field.kind == "list" else "{}"))
        if field.kind == "list":
            return _list(inner, where, nullable=field.nullable)
        return _dict(_of_field(FieldType("str"), f"a key of {where}"), inner, where)
    fit = fitting(field, where, fit_row)
    change, back = natural.of_scalar(field), natural.of_key(field)

    def fitted(value: Any) -> Any:
        made = fit(value)
        return made if made is None or change is None else change(made)

    test = _AS_IT_IS.get(field.kind)
    pack = _quick_pack(test.format(v="value"), fitted) if test else fitted

    def unpack(packed: Any) -> Any:
        return packed if packed is None or back is None else back(packed)

    text: dict[str, Any] = {"kind": field.kind, "nullable": field.nullable}
    if field.symbols:
        text["symbols"] = list(field.symbols)
    if field.precision:
        text |= {"precision": field.precision, "scale": field.scale}
    unchanging = field.kind in _UNCHANGING or field.kind in ("uuid", "enum")
    return StateType(
        text,
        pack,
        unpack if back else _same,
        unchanging,
        small=field.kind in _SMALL,
        as_it_is=test or "",
    )


def _quick_pack(test: str, otherwise: Change) -> Change:
    """Write what gives a value back that passes a test, and else what another makes of it."""
    scope: dict[str, Any] = {"otherwise": otherwise}
    exec(  # noqa: S102  of the tests above only
        f"def pack(value):\n    if {test}: return value\n    return otherwise(value)", scope
    )
    made: Change = scope["pack"]
    return made


def _tuple(parts: list[StateType], where: str) -> StateType:
    packs = [part.pack for part in parts]
    unpacks = None if all(p.unpack is _same for p in parts) else [part.unpack for part in parts]

    def pack(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, (tuple, list)):
            raise wrong(where, "a tuple", value)
        if len(value) != len(packs):
            raise RecordValueError(
                f"{where} should have {len(packs)} parts but has {len(value)}",
                hint="give the state's Types.TUPLE([…]) a type for each part",
            )
        return [each(part) for each, part in zip(packs, value, strict=True)]

    def unpack(packed: Any) -> Any:
        if packed is None:
            return None
        if unpacks is None:
            return tuple(packed)
        return tuple([each(part) for each, part in zip(unpacks, packed, strict=True)])

    text = {"kind": "tuple", "nullable": True, "parts": [part.text for part in parts]}
    unchanging, small = (all(getattr(part, n) for part in parts) for n in ("unchanging", "small"))
    if all(part.as_it_is for part in parts):
        tests = [part.as_it_is.format(v=f"value[{at}]") for at, part in enumerate(parts)]
        all_of = [f"type(value) is tuple and len(value) == {len(parts)}", *tests]
        quick = _quick_pack(" and ".join(all_of), pack)
        return StateType(text, quick, unpack, unchanging, small=small)
    return StateType(text, pack, unpack, unchanging, small=small)


def _list(inner: StateType, where: str, *, nullable: bool = True) -> StateType:
    def pack(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, (list, tuple)):
            raise wrong(where, "a list", value)
        return [inner.pack(each) for each in value]

    def unpack(packed: Any) -> Any:
        return None if packed is None else [inner.unpack(each) for each in packed]

    text = {"kind": "list", "nullable": nullable, "parts": [inner.text]}
    return StateType(text, pack, unpack, unchanging=False, parts=(inner,))


def _dict(key: StateType, inner: StateType, where: str) -> StateType:
    def pack(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise wrong(where, "a dict", value)
        return [part for name, each in value.items() for part in (key.pack(name), inner.pack(each))]

    def unpack(packed: Any) -> Any:
        if packed is None:
            return None
        turns = zip(packed[::2], packed[1::2], strict=True)
        return {one_nan(key.unpack(name)): inner.unpack(each) for name, each in turns}

    text = {"kind": "dict", "nullable": True, "parts": [key.text, inner.text]}
    return StateType(text, pack, unpack, unchanging=False, parts=(key, inner))


def one_nan(key: Any) -> Any:
    """Return a key as a dict finds it: of all NaN, which equal nothing, always the same object."""
    return math.nan if type(key) is float and math.isnan(key) else key


def _row(field: FieldType, where: str) -> StateType:
    """Return the type of rows: each comes back as what it was, a row, a record or a dict."""
    names = [name for name, _ in field.fields]
    parts = [_of_part(part, f"{where}.{name}") for name, part in field.fields]
    make = received_rows.maker(tuple(names))
    cls: Any = field.cls
    info = info_of(cls) if cls else None
    optional: frozenset[str] | None = None
    if cls is not None and typing.is_typeddict(cls):
        optional = cls.__optional_keys__

    def pack(value: Any) -> Any:
        if value is None:
            return None
        if optional is not None and isinstance(value, dict) and value.keys() <= set(names):
            given = zip(names, parts, strict=True)
            return [
                True,
                {
                    name: part.pack(value.get(name))
                    for name, part in given
                    if name in value or name not in optional
                },
            ]
        named = named_values(value)
        if named is None or (named[0] is not None and list(named[0]) != names):
            raise wrong(where, cls.__name__ if cls else f"a row of {', '.join(names)}", value)
        values = zip(names, parts, named[1], strict=True)
        packed = {name: part.pack(each) for name, part, each in values}
        return [type(value) is cls, packed]

    def unpack(packed: Any) -> Any:
        if packed is None:
            return None
        is_record, by_name = packed
        if is_record and optional is not None:
            return {
                name: part.unpack(by_name[name])
                for name, part in zip(names, parts, strict=True)
                if name in by_name
            }
        values = [
            part.unpack(by_name[name]) if name in by_name else _default(where, name, inner)
            for (name, inner), part in zip(field.fields, parts, strict=True)
        ]
        return info.make(names, values) if is_record and info is not None else make(values)

    fields = [
        {"name": name, "type": part.text, "default": bool(inner.default)}
        for (name, inner), part in zip(field.fields, parts, strict=True)
    ]
    text = {"kind": "row", "nullable": field.nullable, "fields": fields}
    return StateType(text, pack, unpack, unchanging=False)


def _of_part(field: FieldType, where: str) -> StateType:
    return _PICKLED if field.kind == "any" else _of_field(field, where)


def _default(where: str, name: str, field: FieldType) -> Any:
    return defaults.of_field(f"{where}.{name}", field)


def wrong(where: str, expected: str, value: Any) -> RecordValueError:
    """Return the error of a value of another type than its state's."""
    return RecordValueError(
        f"{where} should be {expected} but is {article(value)}",
        hint="give the state what its type says, or declare it with Types.PICKLED_BYTE_ARRAY()",
    )


def as_text(kind: str, part: StateType) -> str:
    """Return the type of a state of a kind, such as ``list``, as text for the JVM."""
    return json.dumps({"kind": kind, "nullable": True, "parts": [part.text]}, sort_keys=True)
