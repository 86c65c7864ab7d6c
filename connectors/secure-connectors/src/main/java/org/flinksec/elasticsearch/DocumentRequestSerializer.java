// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;

/** Writes buffered documents into checkpoints: whether there is an id, the id, length, bytes. */
final class DocumentRequestSerializer extends AsyncSinkWriterStateSerializer<DocumentRequest> {
  static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public BufferedRequestState<DocumentRequest> deserialize(int version, byte[] serialized)
      throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "the state of the Elasticsearch sink has version %d; this release reads version %d"
              .formatted(version, VERSION));
    }
    return super.deserialize(version, serialized);
  }

  @Override
  protected void serializeRequestToStream(DocumentRequest request, DataOutputStream out)
      throws IOException {
    out.writeBoolean(request.id() != null);
    if (request.id() != null) {
      out.writeUTF(request.id());
    }
    out.writeInt(request.json().length);
    out.write(request.json());
  }

  @Override
  protected DocumentRequest deserializeRequestFromStream(long requestSize, DataInputStream in)
      throws IOException {
    String id = in.readBoolean() ? in.readUTF() : null;
    byte[] json = new byte[in.readInt()];
    in.readFully(json);
    return new DocumentRequest(id, json);
  }
}
