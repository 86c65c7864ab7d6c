// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.hc.client5.http.async.methods.AbstractBinResponseConsumer;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpResponse;
import org.flinksec.schemaregistry.RegistryHttp.Answer;

/** Takes an answer up to a size; a longer one is cut off and is an error. */
final class BoundedAnswer extends AbstractBinResponseConsumer<Answer> {
  private static final int STEP = 1 << 16;

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final int most;
  private int status;

  BoundedAnswer(int most) {
    this.most = most;
  }

  @Override
  protected void start(HttpResponse response, ContentType type) {
    status = response.getCode();
  }

  @Override
  protected int capacityIncrement() {
    return STEP;
  }

  @Override
  protected void data(ByteBuffer part, boolean last) throws IOException {
    if (body.size() + part.remaining() > most) {
      throw new IOException("an answer of more than %d bytes".formatted(most));
    }
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    body.writeBytes(bytes);
  }

  @Override
  protected Answer buildResult() {
    return new Answer(status, body.toByteArray());
  }

  @Override
  public void releaseResources() {}
}
