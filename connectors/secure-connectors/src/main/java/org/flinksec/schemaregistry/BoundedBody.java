// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Takes an answer up to a size; a longer one is cut off and is an error. */
final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
  private final HttpResponse.BodySubscriber<byte[]> whole =
      HttpResponse.BodySubscribers.ofByteArray();
  private final int most;
  private Flow.Subscription subscription;
  private long received;

  BoundedBody(int most) {
    this.most = most;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return whole.getBody();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    whole.onSubscribe(given);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (received > most) {
      return; // what was under way when it was cut off
    }
    received += buffers.stream().mapToLong(ByteBuffer::remaining).sum();
    if (received > most) {
      subscription.cancel();
      whole.onError(new IOException("an answer of more than %d bytes".formatted(most)));
      return;
    }
    whole.onNext(buffers);
  }

  @Override
  public void onError(Throwable failure) {
    whole.onError(failure);
  }

  @Override
  public void onComplete() {
    if (received <= most) {
      whole.onComplete();
    }
  }
}
