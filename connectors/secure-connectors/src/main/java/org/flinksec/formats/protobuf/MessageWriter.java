// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.protobuf.ValueWriters.ValueWriter;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.rows.Shape;

/** Makes a message of a row. */
final class MessageWriter {
  private final Descriptor type;
  private final String prefix;
  private final List<FieldWriter> writers;

  private MessageWriter(Descriptor type, String prefix, List<FieldWriter> writers) {
    this.type = type;
    this.prefix = prefix;
    this.writers = writers;
  }

  private record FieldWriter(Shape.Field declared, FieldDescriptor field, ValueWriter value) {
    void write(Object given, DynamicMessage.Builder message) throws BadValueException {
      if (given == null) {
        requireUnset();
        return;
      }
      OneofDescriptor choice = field.getRealContainingOneof();
      if (choice != null && message.hasOneof(choice)) {
        throw new BadValueException(
            "is not null, nor is another field of the oneof " + choice.getName());
      }
      message.setField(field, value.write(given));
    }

    /** Whether null says the same as a field that is not set. */
    private void requireUnset() throws BadValueException {
      if (field.isRepeated()) {
        throw new BadValueException(
            "is null, which %s field cannot be: give an empty one"
                .formatted(field.isMapField() ? "a map" : "a repeated"));
      }
      if (field.isRequired()) {
        throw new BadValueException("is null, but required in the message");
      }
      if (!field.hasPresence()) {
        throw new BadValueException(
            "is null, which its field in the message cannot be: declare it `optional` there");
      }
      if (declared.hasDefault() && declared.ifMissing() != null) {
        throw new BadValueException("is null, which would be read as its default");
      }
    }
  }

  /**
   * @param prefix what stands in front of a field's name in messages
   * @throws IllegalArgumentException if the message does not go with the shape
   */
  static MessageWriter of(Descriptor type, Shape shape, String prefix) {
    List<FieldWriter> made = new ArrayList<>();
    Set<FieldDescriptor> written = new HashSet<>();
    for (Shape.Field declared : shape.fields()) {
      String path = prefix + declared.name();
      FieldDescriptor field = Fields.of(type, declared, path);
      if (!written.add(field)) {
        throw new FormatException(
            "field '%s' of the message %s is that of two fields of the record"
                .formatted(field.getName(), type.getFullName()));
      }
      made.add(new FieldWriter(declared, field, ValueWriters.of(field, declared.shape(), path)));
    }
    for (FieldDescriptor field : type.getFields()) {
      if (field.isRequired() && !written.contains(field)) {
        throw new FormatException(
            "field '%s' is required in the message %s, but not in the record"
                .formatted(prefix + field.getName(), type.getFullName()));
      }
    }
    return new MessageWriter(type, prefix, made);
  }

  Message write(Object value) throws BadValueException {
    Row row = Classes.cast(Row.class, value, prefix);
    if (row.getArity() != writers.size()) {
      throw new FormatException(
          "the row has %d fields, but its type declares %d"
              .formatted(row.getArity(), writers.size()));
    }
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (int i = 0; i < writers.size(); i++) {
      FieldWriter writer = writers.get(i);
      try {
        writer.write(row.getField(i), message);
      } catch (BadValueException e) {
        throw e.in(writer.declared.name());
      }
    }
    return message.build();
  }
}
