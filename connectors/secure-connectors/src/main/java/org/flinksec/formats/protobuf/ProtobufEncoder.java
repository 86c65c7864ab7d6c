// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.protobuf;

import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/**
 * Writes a row as a Protobuf message.
 *
 * <p>Null leaves a field unset, which only a field with presence can be. What would not be read
 * back as it is makes the record a bad one: null elsewhere, a number out of the field's range, two
 * fields of one oneof, a name that the enum does not have. A double is rounded to a field of single
 * precision.
 */
public final class ProtobufEncoder implements RowEncoder {
  private static final long serialVersionUID = 1L;

  private final byte[] descriptors;
  private final String message;
  private final Shape shape;
  private transient MessageWriter writer;

  private ProtobufEncoder(byte[] descriptors, String message, Shape shape) {
    this.descriptors = descriptors;
    this.message = message;
    this.shape = shape;
    open();
  }

  /**
   * @param descriptors the content of a descriptor file
   * @param message the full name of the message type
   */
  public static RowEncoder.Factory factory(byte[] descriptors, String message) {
    return shape -> new ProtobufEncoder(descriptors, message, shape);
  }

  private void open() {
    writer = MessageWriter.of(MessageTypes.find(descriptors, message), shape, "");
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    if (writer == null) {
      open();
    }
    try {
      return writer.write(row).toByteArray();
    } catch (BadValueException e) {
      throw e.unencodable();
    }
  }
}
