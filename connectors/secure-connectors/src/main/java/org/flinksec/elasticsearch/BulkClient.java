// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import co.elastic.clients.transport.rest5_client.low_level.Cancellable;
import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Response;
import co.elastic.clients.transport.rest5_client.low_level.ResponseException;
import co.elastic.clients.transport.rest5_client.low_level.ResponseListener;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.flinksec.elasticsearch.connection.ConnectionException;
import org.flinksec.elasticsearch.connection.ElasticsearchClient;
import org.flinksec.elasticsearch.connection.FirstContact;
import org.flinksec.elasticsearch.connection.RestClients;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends bulk requests, compressed, without blocking. */
final class BulkClient implements Closeable {
  private static final ContentType NDJSON = ContentType.create("application/x-ndjson");
  private static final Logger LOG = LoggerFactory.getLogger(BulkClient.class);
  private static final int MAX_BODY = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** In so many times response_timeout a request has a connection, an answer, and all of it. */
  private static final int WHOLE = 3;

  private final ElasticsearchClient client;
  private final String path;
  private final SinkSettings settings;
  private final LimitedWarnings warnings = new LimitedWarnings(LOG);
  private final ScheduledThreadPoolExecutor ends;
  private final long patienceMillis;

  /** The least size of a request's body that was too large, in bytes. */
  private final AtomicInteger tooLarge = new AtomicInteger(Integer.MAX_VALUE);

  BulkClient(SinkSettings settings) throws ElasticsearchSinkException {
    try {
      this.client = RestClients.create(settings.connection(), settings.limits().maxInFlight() + 1);
    } catch (ConnectionException e) {
      throw new ElasticsearchSinkException(e.getMessage(), e);
    }
    this.settings = settings;
    this.patienceMillis = WHOLE * settings.connection().https().responseTimeout().toMillis();
    this.ends = new ScheduledThreadPoolExecutor(1, BulkClient::thread);
    this.ends.setRemoveOnCancelPolicy(true);
    this.path =
        settings.addressing().index() != null
            ? "/_bulk"
            : "/" + FirstContact.segment(settings.index()) + "/_bulk";
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "elasticsearch-sink-timeouts");
    thread.setDaemon(true);
    return thread;
  }

  /** What a request may have, in bytes: half of what was too large. */
  long maxBatchBytes() {
    return Math.min(settings.limits().maxBatchBytes(), tooLarge.get() / 2);
  }

  /**
   * Sends the documents; the outcome arrives on a thread of the client. What is too large for one
   * request goes out in halves, one after the other.
   */
  void send(List<DocumentRequest> documents, Consumer<BulkOutcome> outcome) {
    byte[] body = BulkBody.of(documents, settings.actions());
    sendOnce(
        body,
        documents.size(),
        answer -> {
          if (answer instanceof BulkOutcome.Refused refused && refused.status() == 413) {
            tooLarge.accumulateAndGet(body.length, Math::min);
            warnings.warn(
                "%s takes no request of %d bytes: lower elasticsearch.max_batch_bytes, which is %d"
                    .formatted(refused.host(), body.length, settings.limits().maxBatchBytes()));
            split(documents, outcome);
          } else {
            outcome.accept(answer);
          }
        });
  }

  private void split(List<DocumentRequest> documents, Consumer<BulkOutcome> outcome) {
    if (documents.size() == 1) {
      outcome.accept(new BulkOutcome.Answered(List.of(BulkItem.tooLarge())));
      return;
    }
    int half = documents.size() / 2;
    send(
        documents.subList(0, half),
        first -> {
          if (!(first instanceof BulkOutcome.Answered before)) {
            outcome.accept(first);
            return;
          }
          send(
              documents.subList(half, documents.size()),
              second -> outcome.accept(both(before, second)));
        });
  }

  private static BulkOutcome both(BulkOutcome.Answered first, BulkOutcome second) {
    if (!(second instanceof BulkOutcome.Answered after)) {
      return second;
    }
    List<BulkItem> items = new ArrayList<>(first.items());
    items.addAll(after.items());
    return new BulkOutcome.Answered(items);
  }

  private void sendOnce(byte[] body, int documents, Consumer<BulkOutcome> outcome) {
    Request request = new Request("POST", path);
    request.addParameter("filter_path", BulkResponse.FILTER);
    if (settings.actions().pipeline() != null) {
      request.addParameter("pipeline", settings.actions().pipeline());
    }
    if (settings.actions().requireAlias()) {
      request.addParameter("require_alias", "true");
    }
    request.setEntity(new ByteArrayEntity(body, NDJSON));
    Exchange exchange = new Exchange(documents, outcome);
    exchange.endAfter(client.rest().performRequestAsync(request, exchange), patienceMillis);
  }

  /** A request on its way. It has one outcome, whatever comes later, and that after a time. */
  private final class Exchange implements ResponseListener {
    private final int documents;
    private final Consumer<BulkOutcome> outcome;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Future<?> end;

    Exchange(int documents, Consumer<BulkOutcome> outcome) {
      this.documents = documents;
      this.outcome = outcome;
    }

    @Override
    public void onSuccess(Response response) {
      tell(() -> read(response, documents));
    }

    @Override
    public void onFailure(Exception e) {
      tell(
          () ->
              e instanceof ResponseException answered
                  ? refused(answered.getResponse())
                  : new BulkOutcome.Unanswered(e));
    }

    private void tell(Supplier<BulkOutcome> what) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      if (end != null) {
        end.cancel(false);
      }
      outcome.accept(what.get());
    }

    /** The client's own patience is with each part of an answer, and one may never end. */
    void endAfter(Cancellable sent, long millis) {
      Runnable late =
          () -> {
            tell(
                () ->
                    new BulkOutcome.Unanswered(
                        new IOException("the answer does not end within %d ms".formatted(millis))));
            sent.cancel();
          };
      try {
        end = ends.schedule(late, millis, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        return; // The writer is closed; nobody waits for the outcome.
      }
      if (ended.get()) {
        end.cancel(false);
      }
    }
  }

  private BulkOutcome read(Response response, int documents) {
    if (response.getStatusCode() != 200) {
      return refused(response);
    }
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return new BulkOutcome.Unanswered(new IOException("an answer without a body"));
    }
    try (InputStream body = entity.getContent()) {
      return new BulkOutcome.Answered(BulkResponse.parse(body, documents));
    } catch (JsonProcessingException e) {
      // Its message quotes the answer.
      return new BulkOutcome.Unanswered(new IOException("an answer that is not Elasticsearch's"));
    } catch (IOException e) {
      return new BulkOutcome.Unanswered(e);
    }
  }

  private BulkOutcome refused(Response response) {
    return new BulkOutcome.Refused(
        response.getHost().toURI(), response.getStatusCode(), reason(response));
  }

  /**
   * What is wrong; the body may quote documents, name indices that they have made, or be a proxy's.
   */
  private String reason(Response response) {
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return "without a reason";
    }
    try (InputStream body = entity.getContent()) {
      JsonNode error = JSON.readTree(body.readNBytes(MAX_BODY)).path("error");
      boolean indexIsContent = settings.addressing().index() != null;
      return Reasons.tell(
          error.path("type").textValue(), indexIsContent ? null : error.path("reason").textValue());
    } catch (IOException e) {
      return "with an answer that is not Elasticsearch's";
    }
  }

  @Override
  public void close() {
    ends.shutdownNow();
    try {
      client.close();
    } catch (IOException e) {
      // nothing is left to be done with it
    }
  }
}
