// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.Type;
import com.google.protobuf.Message;
import java.lang.reflect.Array;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Uuids;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** Chooses what makes the value of a row's field of the value of a message's field. */
final class ValueReaders {
  /** Elements of lists and maps that one record may have: an empty one takes two bytes only. */
  static final int MOST_ELEMENTS = 1_000_000;

  private static final Set<Kind> WHOLE = Set.of(Kind.INT, Kind.INT32);

  private final Budget budget = new Budget();

  /** Reads one value, which is never null. */
  @FunctionalInterface
  interface ValueReader {
    Object read(Object value) throws BadValueException;
  }

  /** How many elements the record at hand may still have. */
  static final class Budget {
    private int left;

    void renew() {
      left = MOST_ELEMENTS;
    }

    void take(int elements) throws BadValueException {
      left -= elements;
      if (left < 0) {
        throw new BadValueException(
            "goes beyond the 1,000,000 elements that the lists of a record may have");
      }
    }
  }

  Budget budget() {
    return budget;
  }

  /**
   * @throws IllegalArgumentException if the types do not go together
   */
  ValueReader of(FieldDescriptor field, Shape shape, String path) {
    if (field.isMapField()) {
      return map(field, require(Kind.DICT, field, shape, path), path);
    }
    if (field.isRepeated()) {
      return list(field, require(Kind.LIST, field, shape, path), path);
    }
    return one(field, shape, path);
  }

  private static Shape require(Kind kind, FieldDescriptor field, Shape shape, String path) {
    if (shape.kind() != kind) {
      throw Fields.mismatch(field, shape, path);
    }
    return shape.inner();
  }

  private ValueReader list(FieldDescriptor field, Shape inner, String path) {
    ValueReader element = one(field, inner, path);
    Class<?> type = Classes.of(inner);
    return value -> {
      List<?> values = (List<?>) value;
      budget.take(values.size());
      Object[] array = (Object[]) Array.newInstance(type, values.size());
      for (int i = 0; i < array.length; i++) {
        try {
          array[i] = element.read(values.get(i));
        } catch (BadValueException e) {
          throw e.in(String.valueOf(i));
        }
      }
      return array;
    };
  }

  private ValueReader map(FieldDescriptor field, Shape inner, String path) {
    FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
    FieldDescriptor item = field.getMessageType().findFieldByNumber(2);
    ValueReader reader = one(item, inner, path);
    return value -> {
      List<?> entries = (List<?>) value;
      budget.take(entries.size());
      Map<String, Object> made = new LinkedHashMap<>();
      for (Object one : entries) {
        Message entry = (Message) one;
        try {
          Unread.refuse(entry, Set.of(1, 2));
          made.put(key(key, entry.getField(key)), reader.read(entry.getField(item)));
        } catch (BadValueException e) {
          throw e.in("*"); // a key is data, which no message may show
        }
      }
      return made;
    };
  }

  private static String key(FieldDescriptor key, Object value) {
    return switch (key.getType()) {
      case UINT32, FIXED32 -> Integer.toUnsignedString((Integer) value);
      case UINT64, FIXED64 -> Long.toUnsignedString((Long) value);
      default -> value.toString();
    };
  }

  private ValueReader one(FieldDescriptor field, Shape shape, String path) {
    Kind kind = shape.kind();
    ValueReader found =
        switch (field.getJavaType()) {
          case INT, LONG -> number(field, shape);
          case FLOAT, DOUBLE -> kind == Kind.FLOAT ? value -> ((Number) value).doubleValue() : null;
          case BOOLEAN -> kind == Kind.BOOL ? value -> value : null;
          case STRING -> text(shape);
          case BYTE_STRING -> bytes(kind);
          case ENUM -> symbol(shape);
          case MESSAGE -> message(field.getMessageType(), shape, path);
        };
    if (found == null) {
      throw Fields.mismatch(field, shape, path);
    }
    return found;
  }

  private static ValueReader number(FieldDescriptor field, Shape shape) {
    ValueReader whole = whole(field.getType());
    return switch (shape.kind()) {
      case INT -> whole;
      case INT32 -> value -> Numbers.to32((Long) whole.read(value));
      case FLOAT ->
          field.getJavaType() == FieldDescriptor.JavaType.INT
              ? value -> ((Long) whole.read(value)).doubleValue()
              : null;
      case ENUM -> {
        ScalarText symbols = ScalarText.of(shape);
        yield shape.symbols().get(0) instanceof Long
            ? value -> symbols.read(whole.read(value).toString())
            : null;
      }
      default -> null;
    };
  }

  private static ValueReader whole(Type type) {
    return switch (type) {
      case UINT32, FIXED32 -> value -> Integer.toUnsignedLong((Integer) value);
      case UINT64, FIXED64 -> value -> Numbers.unsigned64((Long) value);
      default -> value -> ((Number) value).longValue();
    };
  }

  private static ValueReader text(Shape shape) {
    if (!Set.of(Kind.STR, Kind.UUID, Kind.DATETIME, Kind.DATE, Kind.DECIMAL, Kind.ENUM)
        .contains(shape.kind())) {
      return null;
    }
    if (shape.kind() == Kind.ENUM && shape.symbols().get(0) instanceof Long) {
      return null;
    }
    ScalarText form = ScalarText.of(shape);
    return value -> form.read((String) value);
  }

  private static ValueReader bytes(Kind kind) {
    return switch (kind) {
      case BYTES -> value -> ((ByteString) value).toByteArray();
      case UUID -> value -> Uuids.of(((ByteString) value).toByteArray());
      default -> null;
    };
  }

  private static ValueReader symbol(Shape shape) {
    Kind kind = shape.kind();
    if (WHOLE.contains(kind)) {
      return kind == Kind.INT
          ? value -> (long) ((EnumValueDescriptor) value).getNumber()
          : value -> ((EnumValueDescriptor) value).getNumber();
    }
    if (kind == Kind.STR) {
      return ValueReaders::known;
    }
    if (kind != Kind.ENUM) {
      return null;
    }
    ScalarText symbols = ScalarText.of(shape);
    return shape.symbols().get(0) instanceof Long
        ? value -> symbols.read(String.valueOf(((EnumValueDescriptor) value).getNumber()))
        : value -> symbols.read(known(value));
  }

  private static String known(Object value) throws BadValueException {
    EnumValueDescriptor symbol = (EnumValueDescriptor) value;
    if (symbol.getIndex() < 0) {
      throw new BadValueException("has a number that its enum does not know");
    }
    return symbol.getName();
  }

  private ValueReader message(Descriptor type, Shape shape, String path) {
    if (shape.kind() == Kind.ROW) {
      return MessageReader.of(type, shape, Set.of(), path + ".", this)::read;
    }
    if (Fields.isWrapper(type)) {
      FieldDescriptor inner = type.findFieldByName("value");
      ValueReader reader = one(inner, shape, path);
      return value -> reader.read(((Message) value).getField(inner));
    }
    String name = type.getFullName();
    if (shape.kind() == Kind.DATETIME && name.equals(Fields.TIMESTAMP)) {
      return time(type);
    }
    if (shape.kind() == Kind.DATE && name.equals(Fields.DATE)) {
      return date(type);
    }
    if (shape.kind() == Kind.DECIMAL && name.equals(Fields.DECIMAL)) {
      return decimal(type.findFieldByName("value"), shape);
    }
    return null;
  }

  private static ValueReader decimal(FieldDescriptor inner, Shape shape) {
    ValueReader reader = text(shape);
    return value -> reader.read(((Message) value).getField(inner));
  }

  private static ValueReader time(Descriptor type) {
    FieldDescriptor seconds = type.findFieldByName("seconds");
    FieldDescriptor nanos = type.findFieldByName("nanos");
    return value -> {
      Message time = (Message) value;
      int fraction = (Integer) time.getField(nanos);
      if (fraction < 0 || fraction >= 1_000_000_000) {
        throw new BadValueException("is no Timestamp: its nanos are outside 0 to 999,999,999");
      }
      return Times.ofSeconds((Long) time.getField(seconds), fraction);
    };
  }

  private static ValueReader date(Descriptor type) {
    FieldDescriptor year = type.findFieldByName("year");
    FieldDescriptor month = type.findFieldByName("month");
    FieldDescriptor day = type.findFieldByName("day");
    return value -> {
      Message date = (Message) value;
      return Dates.of(
          (Integer) date.getField(year),
          (Integer) date.getField(month),
          (Integer) date.getField(day));
    };
  }
}
