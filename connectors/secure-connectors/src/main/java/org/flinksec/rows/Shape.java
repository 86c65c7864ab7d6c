// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;

/**
 * What a value of a record is: what Flink's type says of it, and what that cannot say: what may be
 * null, names outside of Flink, defaults, symbols.
 *
 * <p>All formats read and write rows by it. Values in rows are of the class that {@link Kind}
 * names.
 *
 * @param kind what it holds
 * @param nullable whether it may be null
 * @param name of the record of a {@code ROW}, of the enum of an {@code ENUM}; else null
 * @param fields of a {@code ROW}; else empty
 * @param inner what a {@code LIST} or the values of a {@code DICT} hold; else null
 * @param symbols all values of an {@code ENUM}: text, or whole numbers; else empty
 * @param precision all digits of a {@code DECIMAL}, 0 for any number; else 0
 * @param scale digits of it after the point
 * @param key of the class in Python that this is the shape of; null where there is none
 */
public record Shape(
    Kind kind,
    boolean nullable,
    String name,
    List<Field> fields,
    Shape inner,
    List<Serializable> symbols,
    int precision,
    int scale,
    String key)
    implements Serializable {

  /** What a value is, with the class that it has in a row. */
  public enum Kind {
    /** {@code String}. */
    STR,
    /** {@code Long}. */
    INT,
    /** {@code Integer}, in rows that are not made of records. */
    INT32,
    /** {@code Double}. */
    FLOAT,
    /** {@code Boolean}. */
    BOOL,
    /** {@code byte[]}. */
    BYTES,
    /** {@code java.time.Instant}, of microseconds. */
    DATETIME,
    /** {@code java.time.LocalDate}. */
    DATE,
    /** {@code java.math.BigDecimal}. */
    DECIMAL,
    /** {@code String}, in the canonical form of RFC 9562. */
    UUID,
    /** {@code String} or {@code Long}, one of the symbols. */
    ENUM,
    /** {@code Row}. */
    ROW,
    /** An array of the class of what it holds. */
    LIST,
    /** {@code Map<String, …>}. */
    DICT
  }

  /**
   * A field of a row.
   *
   * @param name in Flink and in Python
   * @param wire in the bytes of a format
   * @param shape what it holds
   * @param hasDefault whether it may be missing, and is {@code ifMissing} then
   * @param ifMissing a value as it stands in a row, or null; not to be changed
   */
  public record Field(
      String name, String wire, Shape shape, boolean hasDefault, Serializable ifMissing)
      implements Serializable {}

  /** A shape that is of no class in Python. */
  public Shape(
      Kind kind,
      boolean nullable,
      String name,
      List<Field> fields,
      Shape inner,
      List<Serializable> symbols,
      int precision,
      int scale) {
    this(kind, nullable, name, fields, inner, symbols, precision, scale, null);
  }

  public Shape {
    fields = List.copyOf(fields);
    symbols = List.copyOf(symbols);
  }

  /**
   * Reads what {@code flinksec_jobs.records.shape} writes.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static Shape parse(String json) {
    return ShapeText.parse(json);
  }

  /**
   * The shape of rows: that of their record, where the type knows it, else what the type says, in
   * which anything may be null.
   *
   * @throws IllegalArgumentException if it is no row type, or a field's type has no shape
   */
  public static Shape of(TypeInformation<?> rowType) {
    return ShapeTypes.shape(rowType);
  }

  /**
   * The shape of values of any type that a field of a row may have, and of rows.
   *
   * @throws IllegalArgumentException if the type has no shape
   */
  public static Shape ofValue(TypeInformation<?> type) {
    return ShapeTypes.ofValue(type);
  }

  /** The type of the rows; only of a {@code ROW}. */
  public RowTypeInfo rowType() {
    return ShapeTypes.rowType(this);
  }

  /** An array for values of this shape, of the class that Flink's type of a list asks for. */
  public Object[] newArray(int length) {
    return (Object[]) Array.newInstance(ShapeTypes.type(this).getTypeClass(), length);
  }

  /** The names of the fields, in their order. */
  public List<String> names() {
    return fields.stream().map(Field::name).toList();
  }

  /**
   * The position of a field; -1 if there is none.
   *
   * @param name its name in Flink
   */
  public int position(String name) {
    return names().indexOf(name);
  }

  /** These fields alone, in the order in which they are named; all must be there. */
  public Shape only(List<String> names) {
    List<Field> kept = names.stream().map(name -> fields.get(position(name))).toList();
    return new Shape(kind, nullable, name, kept, inner, symbols, precision, scale);
  }

  /**
   * What may not be null and has no default, at every depth: {@code place}, {@code place.name}, the
   * elements of a list {@code tags[]}, the values of a dict {@code counts{}}.
   */
  public List<String> requiredPaths() {
    List<String> paths = new ArrayList<>();
    for (Field field : fields) {
      field.shape().addRequired(field.name(), field.hasDefault(), paths);
    }
    return paths;
  }

  private void addRequired(String path, boolean hasDefault, List<String> paths) {
    if (!nullable && !hasDefault) {
      paths.add(path);
    }
    for (Field field : fields) {
      field.shape().addRequired(path + "." + field.name(), field.hasDefault(), paths);
    }
    if (inner != null) {
      inner.addRequired(path + (kind == Kind.LIST ? "[]" : "{}"), false, paths);
    }
  }
}
