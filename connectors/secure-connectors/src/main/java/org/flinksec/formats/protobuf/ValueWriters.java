// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Utf8;
import org.flinksec.formats.values.Uuids;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** Chooses what makes the value of a message's field of the value of a row's field. */
final class ValueWriters {
  private ValueWriters() {}

  /** Writes one value, which is never null. */
  @FunctionalInterface
  interface ValueWriter {
    Object write(Object value) throws BadValueException;
  }

  /**
   * @throws IllegalArgumentException if the types do not go together
   */
  static ValueWriter of(FieldDescriptor field, Shape shape, String path) {
    if (field.isMapField() && shape.kind() == Kind.DICT) {
      return map(field, shape.inner(), path);
    }
    if (field.isRepeated() && !field.isMapField() && shape.kind() == Kind.LIST) {
      return list(field, shape.inner(), path);
    }
    if (field.isRepeated()) {
      throw Fields.mismatch(field, shape, path);
    }
    return one(field, shape, path);
  }

  private static ValueWriter list(FieldDescriptor field, Shape inner, String path) {
    ValueWriter element = one(field, inner, path);
    return value -> {
      Object[] values = Classes.cast(Object[].class, value, path);
      List<Object> made = new ArrayList<>(values.length);
      for (int i = 0; i < values.length; i++) {
        try {
          made.add(element.write(notNull(values[i])));
        } catch (BadValueException e) {
          throw e.in(String.valueOf(i));
        }
      }
      return made;
    };
  }

  private static ValueWriter map(FieldDescriptor field, Shape inner, String path) {
    Descriptor type = field.getMessageType();
    FieldDescriptor key = type.findFieldByNumber(1);
    FieldDescriptor item = type.findFieldByNumber(2);
    ValueWriter writer = one(item, inner, path);
    return value -> {
      List<Object> entries = new ArrayList<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) Classes.cast(Map.class, value, path)).entrySet()) {
        try {
          entries.add(
              DynamicMessage.newBuilder(type)
                  .setField(key, key(key, (String) entry.getKey()))
                  .setField(item, writer.write(notNull(entry.getValue())))
                  .build());
        } catch (BadValueException e) {
          throw e.in("*"); // a key is data, which no message may show
        }
      }
      return entries;
    };
  }

  private static Object notNull(Object value) throws BadValueException {
    if (value == null) {
      throw new BadValueException("is null, which Protobuf cannot express in a list or a map");
    }
    return value;
  }

  private static Object key(FieldDescriptor key, String text) throws BadValueException {
    return switch (key.getJavaType()) {
      case STRING -> Utf8.checked(text);
      case BOOLEAN -> ScalarText.of(scalar(Kind.BOOL)).read(text);
      default -> whole(key, canonical(text));
    };
  }

  private static Shape scalar(Kind kind) {
    return new Shape(kind, false, null, List.of(), null, List.of(), 0, 0);
  }

  /** Two texts must not become one key. */
  private static long canonical(String text) throws BadValueException {
    long key = Numbers.whole(text);
    if (!Long.toString(key).equals(text)) {
      throw new BadValueException("is not a whole number in its shortest form");
    }
    return key;
  }

  private static ValueWriter one(FieldDescriptor field, Shape shape, String path) {
    Kind kind = shape.kind();
    boolean numbered = kind == Kind.ENUM && shape.symbols().get(0) instanceof Long;
    ValueWriter found =
        switch (field.getJavaType()) {
          case INT, LONG ->
              kind == Kind.INT || kind == Kind.INT32 || numbered
                  ? value -> whole(field, Classes.cast(Number.class, value, path).longValue())
                  : null;
          case FLOAT ->
              kind == Kind.FLOAT
                  ? value -> Numbers.single(Classes.cast(Double.class, value, path))
                  : null;
          case DOUBLE ->
              kind == Kind.FLOAT ? value -> Classes.cast(Double.class, value, path) : null;
          case BOOLEAN ->
              kind == Kind.BOOL ? value -> Classes.cast(Boolean.class, value, path) : null;
          case STRING -> numbered ? null : text(shape, path);
          case BYTE_STRING -> bytes(kind, path);
          case ENUM -> symbol(field, kind, numbered, path);
          case MESSAGE -> message(field.getMessageType(), shape, path);
        };
    if (found == null) {
      throw Fields.mismatch(field, shape, path);
    }
    return found;
  }

  private static Object whole(FieldDescriptor field, long value) throws BadValueException {
    switch (field.getType()) {
      case UINT32, FIXED32:
        return Numbers.toUnsigned32(value);
      case UINT64, FIXED64:
        if (value < 0) {
          throw new BadValueException("is negative, and the message has no sign there");
        }
        return value;
      default:
    }
    if (field.getJavaType() == JavaType.INT) {
      return Numbers.to32(value);
    }
    return value;
  }

  private static ValueWriter text(Shape shape, String path) {
    if (!Set.of(Kind.STR, Kind.UUID, Kind.DATETIME, Kind.DATE, Kind.DECIMAL, Kind.ENUM)
        .contains(shape.kind())) {
      return null;
    }
    ScalarText form = ScalarText.of(shape);
    Class<?> type = Classes.of(shape);
    return value -> form.write(Classes.cast(type, value, path));
  }

  private static ValueWriter bytes(Kind kind, String path) {
    return switch (kind) {
      case BYTES -> value -> ByteString.copyFrom(Classes.cast(byte[].class, value, path));
      case UUID ->
          value -> ByteString.copyFrom(Uuids.bytes(Classes.cast(String.class, value, path)));
      default -> null;
    };
  }

  private static ValueWriter symbol(
      FieldDescriptor field, Kind kind, boolean numbered, String path) {
    EnumDescriptor type = field.getEnumType();
    if (kind == Kind.INT || kind == Kind.INT32 || numbered) {
      return value -> {
        int number = Numbers.to32(Classes.cast(Number.class, value, path).longValue());
        EnumValueDescriptor symbol = type.findValueByNumber(number);
        if (symbol == null && type.isClosed()) {
          throw new BadValueException("is none of the numbers of its enum in the message");
        }
        return symbol == null ? type.findValueByNumberCreatingIfUnknown(number) : symbol;
      };
    }
    if (kind != Kind.STR && kind != Kind.ENUM) {
      return null;
    }
    return value -> {
      EnumValueDescriptor symbol = type.findValueByName(Classes.cast(String.class, value, path));
      if (symbol == null) {
        throw new BadValueException("is none of the names of its enum in the message");
      }
      return symbol;
    };
  }

  private static ValueWriter message(Descriptor type, Shape shape, String path) {
    if (shape.kind() == Kind.ROW) {
      return MessageWriter.of(type, shape, path + ".")::write;
    }
    if (Fields.isWrapper(type)) {
      FieldDescriptor inner = type.findFieldByName("value");
      ValueWriter writer = one(inner, shape, path);
      return value -> with(type, inner, writer.write(value));
    }
    String name = type.getFullName();
    if (shape.kind() == Kind.DATETIME && name.equals(Fields.TIMESTAMP)) {
      return value -> time(type, Times.checked(Classes.cast(Instant.class, value, path)));
    }
    if (shape.kind() == Kind.DATE && name.equals(Fields.DATE)) {
      return value -> date(type, Times.checked(Classes.cast(LocalDate.class, value, path)));
    }
    if (shape.kind() == Kind.DECIMAL && name.equals(Fields.DECIMAL)) {
      FieldDescriptor inner = type.findFieldByName("value");
      ValueWriter writer = text(shape, path);
      return value -> with(type, inner, writer.write(value));
    }
    return null;
  }

  private static Message with(Descriptor type, FieldDescriptor field, Object value) {
    return DynamicMessage.newBuilder(type).setField(field, value).build();
  }

  private static Message time(Descriptor type, Instant time) {
    return DynamicMessage.newBuilder(type)
        .setField(type.findFieldByName("seconds"), time.getEpochSecond())
        .setField(type.findFieldByName("nanos"), time.getNano())
        .build();
  }

  private static Message date(Descriptor type, LocalDate date) {
    return DynamicMessage.newBuilder(type)
        .setField(type.findFieldByName("year"), date.getYear())
        .setField(type.findFieldByName("month"), date.getMonthValue())
        .setField(type.findFieldByName("day"), date.getDayOfMonth())
        .build();
  }
}
