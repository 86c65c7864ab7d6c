// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.json.RowTypes;

/** Puts the key in front of a row, in the form in which PyFlink's keyed streams want it. */
public final class RowKeyMapper implements MapFunction<Row, Row>, ResultTypeQueryable<Row> {
  private static final long serialVersionUID = 1L;

  private static final Set<TypeInformation<?>> KEYS =
      Set.of(
          Types.STRING,
          Types.LONG,
          Types.INT,
          Types.DOUBLE,
          Types.BOOLEAN,
          Types.INSTANT,
          Types.LOCAL_DATE,
          Types.BIG_DEC);

  // What a key is told as to PyFlink: as microseconds or days since 1970, or as its one text.
  private static final Map<TypeInformation<?>, TypeInformation<?>> TOLD_AS =
      Map.of(Types.INSTANT, Types.LONG, Types.LOCAL_DATE, Types.LONG, Types.BIG_DEC, Types.STRING);

  private final int[] positions;
  private final RowTypeInfo type;

  private RowKeyMapper(int[] positions, RowTypeInfo type) {
    this.positions = positions;
    this.type = type;
  }

  /**
   * Makes a mapper.
   *
   * @param rowType the type of the rows
   * @param fields the key is the first of these that is not null; all of one type
   * @throws IllegalArgumentException if the rows lack a field, or the types differ
   */
  public static RowKeyMapper of(TypeInformation<?> rowType, List<String> fields) {
    RowTypeInfo rows = RowTypes.require(rowType);
    int[] positions = fields.stream().mapToInt(field -> position(rows, field)).toArray();
    TypeInformation<?> key = rows.getTypeAt(positions[0]);
    if (!KEYS.contains(key)) {
      throw new IllegalArgumentException(
          "the field "
              + fields.get(0)
              + " is of the type "
              + key
              + ", which is no key; take a field that is a str, an int, a float, a bool, a"
              + " datetime, a date, a Decimal, a UUID or an Enum");
    }
    for (int position : positions) {
      if (!rows.getTypeAt(position).equals(key)) {
        throw new IllegalArgumentException("the fields " + fields + " are of different types");
      }
    }
    return new RowKeyMapper(positions, new RowTypeInfo(TOLD_AS.getOrDefault(key, key), rows));
  }

  private static int position(RowTypeInfo rows, String field) {
    int position = rows.getFieldIndex(field);
    if (position < 0) {
      throw new IllegalArgumentException(
          "the rows have no field " + field + ", only " + List.of(rows.getFieldNames()));
    }
    return position;
  }

  @Override
  public Row map(Row row) {
    for (int position : positions) {
      Object key = row.getField(position);
      if (key != null) {
        return Row.of(told(key), row);
      }
    }
    List<String> names =
        Arrays.stream(positions).mapToObj(at -> rowType().getFieldNames()[at]).toList();
    throw new NoKeyException(
        "a row has no key for key_by_field: it is null in "
            + String.join(" and in ", names)
            + "; filter such rows out before");
  }

  private static Object told(Object key) {
    if (key instanceof Instant time) {
      return Scalars.micros(time);
    }
    if (key instanceof LocalDate date) {
      return date.toEpochDay();
    }
    return key instanceof BigDecimal number ? Scalars.text(number) : key;
  }

  /** A row has no value in any field that is to be its key. */
  static final class NoKeyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoKeyException(String message) {
      super(message);
    }
  }

  private RowTypeInfo rowType() {
    return (RowTypeInfo) (TypeInformation<?>) type.getTypeAt(1);
  }

  @Override
  public TypeInformation<Row> getProducedType() {
    return type;
  }
}
