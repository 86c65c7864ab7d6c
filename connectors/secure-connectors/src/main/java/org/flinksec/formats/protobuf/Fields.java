// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;
import org.flinksec.rows.Shape.Kind;

/** Which field of a message is which field of a record. */
final class Fields {
  static final String TIMESTAMP = "google.protobuf.Timestamp";
  static final String DATE = "google.type.Date";
  static final String DECIMAL = "google.type.Decimal";
  private static final Set<String> WRAPPERS =
      Set.of(
          "google.protobuf.DoubleValue",
          "google.protobuf.FloatValue",
          "google.protobuf.Int64Value",
          "google.protobuf.UInt64Value",
          "google.protobuf.Int32Value",
          "google.protobuf.UInt32Value",
          "google.protobuf.BoolValue",
          "google.protobuf.StringValue",
          "google.protobuf.BytesValue");

  private Fields() {}

  /**
   * The field of a message that a field of a record stands for: of its wire name, as the {@code
   * .proto} has it or as Protobuf's JSON does.
   *
   * @throws IllegalArgumentException if the message has none
   */
  static FieldDescriptor of(Descriptor message, Shape.Field field, String path) {
    FieldDescriptor found = message.findFieldByName(field.wire());
    if (found != null) {
      return found;
    }
    return message.getFields().stream()
        .filter(one -> one.getJsonName().equals(field.wire()))
        .findFirst()
        .orElseThrow(
            () ->
                new FormatException(
                    "field '%s' is not in the message %s; it has: %s"
                        .formatted(
                            path,
                            message.getFullName(),
                            message.getFields().stream()
                                .map(FieldDescriptor::getName)
                                .collect(Collectors.joining(", ")))));
  }

  /** Whether a message type stands for one value that may be absent. */
  static boolean isWrapper(Descriptor message) {
    return WRAPPERS.contains(message.getFullName());
  }

  /** What is said of a field whose types do not go together. */
  static FormatException mismatch(FieldDescriptor field, Shape shape, String path) {
    return new FormatException(
        "field '%s' is %s in the record, but %s in the message"
            .formatted(path, inPython(shape), inProto(field)));
  }

  private static String inPython(Shape shape) {
    return switch (shape.kind()) {
      case ROW -> "a record";
      case LIST -> "a list";
      case DICT -> "a dict";
      case ENUM -> "one of some values";
      case DECIMAL -> "a Decimal";
      case INT32 -> "an int of 32 bits";
      default -> article(shape.kind());
    };
  }

  private static String article(Kind kind) {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return (kind == Kind.INT ? "an " : "a ") + name;
  }

  private static String inProto(FieldDescriptor field) {
    String type =
        switch (field.getJavaType()) {
          case MESSAGE -> field.getMessageType().getFullName();
          case ENUM -> "the enum " + field.getEnumType().getFullName();
          default -> field.getType().name().toLowerCase(Locale.ROOT);
        };
    if (field.isMapField()) {
      return "a map";
    }
    return field.isRepeated() ? "repeated " + type : type;
  }
}
