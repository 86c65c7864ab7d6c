// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.formats.protobuf.ValueReaders.ValueReader;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/** Makes a row of a message that Protobuf has parsed. */
final class MessageReader {
  private final int arity;
  private final List<FieldReader> readers;
  private final Set<Integer> numbers = new HashSet<>();

  private MessageReader(int arity, List<FieldReader> readers) {
    this.arity = arity;
    this.readers = readers;
    readers.forEach(reader -> numbers.add(reader.field.getNumber()));
  }

  private record FieldReader(
      int position, Shape.Field declared, FieldDescriptor field, ValueReader value) {
    Object read(Message message) throws BadValueException {
      if (!field.hasPresence() || message.hasField(field)) {
        return value.read(message.getField(field));
      }
      if (declared.hasDefault()) {
        return declared.ifMissing();
      }
      if (declared.shape().nullable()) {
        return null;
      }
      if (field.hasDefaultValue()) {
        return value.read(field.getDefaultValue());
      }
      throw new BadValueException("is required but not set");
    }
  }

  /**
   * @param prefix what stands in front of a field's name in messages
   * @throws IllegalArgumentException if the message does not go with the shape
   */
  static MessageReader of(
      Descriptor type, Shape shape, Set<String> excluded, String prefix, ValueReaders readers) {
    List<FieldReader> made = new ArrayList<>();
    for (int i = 0; i < shape.fields().size(); i++) {
      Shape.Field declared = shape.fields().get(i);
      if (!excluded.contains(declared.name())) {
        String path = prefix + declared.name();
        FieldDescriptor field = Fields.of(type, declared, path);
        made.add(new FieldReader(i, declared, field, readers.of(field, declared.shape(), path)));
      }
    }
    return new MessageReader(shape.fields().size(), made);
  }

  Row read(Object value) throws BadValueException {
    Message message = (Message) value;
    Unread.refuse(message, numbers);
    Row row = new Row(arity);
    for (FieldReader reader : readers) {
      try {
        row.setField(reader.position, reader.read(message));
      } catch (BadValueException e) {
        throw e.in(reader.declared.name());
      }
    }
    return row;
  }
}
