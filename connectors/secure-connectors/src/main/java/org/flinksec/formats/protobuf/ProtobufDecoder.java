// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/**
 * Reads a Protobuf message into a row.
 *
 * <p>Protobuf's own parser reads it; fields that the record does not have are passed over. A field
 * that may be unset and is becomes its default in the record, else null where that is allowed, else
 * the default that the {@code .proto} gives it; a field without presence is never unset. A text
 * that is no UTF-8, a number that an enum does not know where its name is wanted, a known field of
 * another wire type, and a whole number beyond 63 bits make the record a bad one.
 */
public final class ProtobufDecoder implements RowDecoder {
  private static final long serialVersionUID = 1L;

  /** Bytes of the id of a schema and of the 0 before it. */
  private static final int FRAME = 5;

  private final byte[] descriptors;
  private final String message;
  private final Shape shape;
  private final Set<String> excluded;
  private transient Descriptor type;
  private transient ValueReaders.Budget budget;
  private transient MessageReader reader;

  private ProtobufDecoder(byte[] descriptors, String message, Shape shape, Set<String> excluded) {
    this.descriptors = descriptors;
    this.message = message;
    this.shape = shape;
    this.excluded = Set.copyOf(excluded);
    open();
  }

  /**
   * @param descriptors the content of a descriptor file
   * @param message the full name of the message type
   */
  public static RowDecoder.Factory factory(byte[] descriptors, String message) {
    return (shape, excluded) -> new ProtobufDecoder(descriptors, message, shape, excluded);
  }

  private void open() {
    type = MessageTypes.find(descriptors, message);
    ValueReaders readers = new ValueReaders();
    budget = readers.budget();
    reader = MessageReader.of(type, shape, excluded, "", readers);
  }

  @Override
  public Row read(byte[] value) throws UndecodableException {
    if (value == null) {
      throw new UndecodableException("there is no message (a null value)");
    }
    if (reader == null) {
      open();
    }
    try {
      budget.renew();
      return reader.read(DynamicMessage.parseFrom(type, value));
    } catch (InvalidProtocolBufferException e) {
      String field = TextFinder.notUtf8(type, value);
      throw new UndecodableException(
          field == null
              ? "the record is no message %s: %s".formatted(message, said(e) + framed(value))
              : "field '%s' is not UTF-8".formatted(field));
    } catch (BadValueException e) {
      throw e.undecodable();
    } catch (RuntimeException | StackOverflowError e) {
      throw new UndecodableException(
          "the record cannot be read (%s)".formatted(e.getClass().getSimpleName()));
    }
  }

  /** No message begins with 0, but what a schema registry knows the type of does. */
  private static String framed(byte[] value) {
    return value.length > FRAME && value[0] == 0
        ? "; it begins like one of a schema registry, which is not read"
        : "";
  }

  /** Protobuf's own reason: it names fields, never what they hold. */
  private static String said(InvalidProtocolBufferException e) {
    String text = String.valueOf(e.getMessage());
    int end = text.indexOf(". ");
    return (end < 0 ? text.replaceFirst("\\.$", "") : text.substring(0, end)).replace('\n', ' ');
  }
}
