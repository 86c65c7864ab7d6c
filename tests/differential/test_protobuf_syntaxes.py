# SPDX-License-Identifier: Apache-2.0
"""What proto2 and editions have of their own, against Google's implementation for Python."""

from __future__ import annotations

import pytest

from tests.differential.formats_peer import (
    Codec,
    FormatsPeer,
    maybe,
    row,
    shape,
)
from tests.differential.protobuf_messages import (
    LABEL,
    PARCEL,
    RECORD,
    VISIT,
)


@pytest.fixture(scope="module")
def codec(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("protobuf", RECORD, message="shop.Everything")


PARCEL_SHAPE = row(
    id=shape("str"),
    weight=shape("int"),
    carrier=maybe("str"),
    size=shape("str"),
    sizes=shape("list", inner=shape("str")),
    by_name=shape("dict", inner=shape("str")),
    place={**row(city=maybe("str"), number=shape("int")), "nullable": True},
)


@pytest.fixture(scope="module")
def parcels(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("protobuf", PARCEL_SHAPE, message="old_shop.Parcel")


def test_what_proto2_gives_as_default_counts_where_null_may_not_stand(parcels: Codec) -> None:
    assert parcels.read(PARCEL(id="p").SerializeToString()) == {
        "id": "p",
        "weight": 41,
        "carrier": None,
        "size": "LARGE",
        "sizes": [],
        "by_name": {},
        "place": None,
    }


def test_groups_and_closed_enums_of_proto2_are_read_and_written(parcels: Codec) -> None:
    parcel = PARCEL(id="p", weight=0, carrier="", size=1, sizes=[2, 1], by_name={"b": 5})
    parcel.place.number = -3
    fields = {
        "id": "p",
        "weight": 0,
        "carrier": "",
        "size": "SMALL",
        "sizes": ["LARGE", "SMALL"],
        "by_name": {"b": "BLUE"},
        "place": {"city": None, "number": -3},
    }
    assert parcels.read(parcel.SerializeToString()) == fields
    assert PARCEL.FromString(parcels.write(fields)) == parcel


def test_a_number_that_a_closed_enum_does_not_know_does_not_pass_for_unset(parcels: Codec) -> None:
    good = PARCEL(id="p").SerializeToString()
    for field, odd in (
        ("size", bytes([4 << 3, 9])),
        ("sizes", bytes([5 << 3, 9])),
        ("by_name", bytes([7 << 3 | 2, 5, 0x0A, 1, ord("k"), 0x10, 9])),
    ):
        why = parcels.bad(good + odd)
        assert why.startswith(f"field '{field}"), why
        assert "a number that its enum does not know" in why


def test_a_field_of_another_wire_type_does_not_pass_for_unset(parcels: Codec, codec: Codec) -> None:
    good = PARCEL(id="p").SerializeToString()
    assert parcels.bad(good + bytes([2 << 3 | 2, 1, 65])) == (
        "field 'weight' has another wire type than the message declares"
    )
    assert codec.bad(bytes([14 << 3, 1])) == (
        "field 'a_string' has another wire type than the message declares"
    )


def test_what_proto2_requires_is_asked_for_in_both_directions(
    formats_peer: FormatsPeer, parcels: Codec
) -> None:
    assert "missing required fields: id" in parcels.bad(PARCEL(weight=1).SerializePartialToString())
    label = row(text=shape("str"))
    assert formats_peer.refused("protobuf", label, message="old_shop.Label") == (
        "field 'parcel' is required in the message old_shop.Label, but not in the record"
    )
    reader = formats_peer.codec("protobuf", label, message="old_shop.Label", only_read=True)
    assert reader.read(LABEL(text="t", parcel=PARCEL(id="p")).SerializeToString()) == {"text": "t"}
    maybe_id = formats_peer.codec("protobuf", row(id=maybe("str")), message="old_shop.Parcel")
    assert maybe_id.unwritable({"id": None}) == "field 'id' is null, but required in the message"


def test_an_edition_is_read_with_its_features(formats_peer: FormatsPeer) -> None:
    visits = formats_peer.codec(
        "protobuf",
        row(
            page=maybe("str"),
            seconds=shape("int"),
            clicks=shape("list", inner=shape("int")),
            nested={**row(page=maybe("str"), seconds=shape("int")), "nullable": True},
        ),
        message="shop_2023.Visit",
    )
    visit = VISIT(page="", clicks=[1, 2])
    visit.nested.seconds = 4
    fields = {
        "page": "",
        "seconds": 0,
        "clicks": [1, 2],
        "nested": {"page": None, "seconds": 4},
    }
    assert visits.read(visit.SerializeToString()) == fields
    assert VISIT.FromString(visits.write(fields)) == visit
    assert visits.read(b"") == {"page": None, "seconds": 0, "clicks": [], "nested": None}
