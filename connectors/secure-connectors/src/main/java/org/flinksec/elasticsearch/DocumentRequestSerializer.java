// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.flinksec.badrecords.Letter;
import org.flinksec.elasticsearch.DocumentRequest.Address;

/**
 * Writes documents that are not delivered into checkpoints.
 *
 * <p>Version 1 had whether there is an id, the id, length, bytes. Version 2 has the operation, then
 * index, id, routing and document as length and bytes (-1 for none), whether there is a version,
 * the version, and the record of Kafka. Version 3 has whether it is a dead letter after that.
 */
final class DocumentRequestSerializer extends AsyncSinkWriterStateSerializer<DocumentRequest> {
  static final int VERSION = 3;

  /** Of the state that is being read; one task reads its states one after the other. */
  private int reading = VERSION;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public BufferedRequestState<DocumentRequest> deserialize(int version, byte[] serialized)
      throws IOException {
    if (version < 1 || version > VERSION) {
      throw new IOException(
          "the state of the Elasticsearch sink has version %d; this release reads versions 1 to %d"
              .formatted(version, VERSION));
    }
    reading = version;
    return super.deserialize(version, serialized);
  }

  @Override
  protected void serializeRequestToStream(DocumentRequest request, DataOutputStream stream)
      throws IOException {
    DataOutputViewStreamWrapper out = new DataOutputViewStreamWrapper(stream);
    Address address = request.address();
    out.writeByte(address.operation().ordinal());
    for (String text : new String[] {address.index(), address.id(), address.routing()}) {
      Letter.write(text == null ? null : text.getBytes(StandardCharsets.UTF_8), out);
    }
    Letter.write(request.json(), out);
    out.writeBoolean(address.version() != null);
    out.writeLong(address.version() == null ? 0 : address.version());
    Letter.write(request.original(), out);
    out.writeBoolean(request.isLetter());
  }

  @Override
  protected DocumentRequest deserializeRequestFromStream(long requestSize, DataInputStream stream)
      throws IOException {
    if (reading == 1) {
      return first(stream);
    }
    DataInputViewStreamWrapper in = new DataInputViewStreamWrapper(stream);
    Operation operation = Operation.values()[in.readByte()];
    String index = text(in);
    String id = text(in);
    String routing = text(in);
    byte[] json = Letter.read(in);
    boolean versioned = in.readBoolean();
    long version = in.readLong();
    DocumentRequest request =
        new DocumentRequest(
                new Address(operation, index, id, routing, versioned ? version : null), json)
            .madeOf(Letter.readOriginal(in));
    return reading > 2 && in.readBoolean() ? request.asLetter() : request;
  }

  private static DocumentRequest first(DataInputStream in) throws IOException {
    String id = in.readBoolean() ? in.readUTF() : null;
    byte[] json = new byte[in.readInt()];
    in.readFully(json);
    return new DocumentRequest(new Address(Operation.INDEX, null, id, null, null), json);
  }

  private static String text(DataInputViewStreamWrapper in) throws IOException {
    byte[] bytes = Letter.read(in);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }
}
