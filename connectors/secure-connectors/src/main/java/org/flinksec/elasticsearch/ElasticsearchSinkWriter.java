// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.flinksec.badrecords.BadRecord;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.badrecords.BadRecords;
import org.flinksec.badrecords.Origin;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.flinksec.json.JsonEncodingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buffers documents, sends them, and acts on what becomes of them.
 *
 * <p>Besides Flink's own metrics of a sink it counts {@code flinksec.rejectedDocuments}, those left
 * out by {@code on_error = "skip"}, and {@code flinksec.retriedDocuments}. Too many left out in a
 * row fail the job, see {@link SkipBrake}.
 */
final class ElasticsearchSinkWriter<T> extends AsyncSinkWriter<T, DocumentRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(ElasticsearchSinkWriter.class);

  private final SinkSettings settings;
  private final OrderedRequestBuffer buffer;
  private final BulkClient client;
  private final Retries retries;
  private final BadRecords badRecords;

  // Two, since what is converted now is answered later; the third never brakes.
  private final SkipBrake conversions;
  private final SkipBrake answers;
  private final SkipBrake free = new SkipBrake(0);

  ElasticsearchSinkWriter(
      ElementConverter<T, DocumentRequest> converter,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client) {
    this(converter, context, settings, states, client, new OrderedRequestBuffer());
  }

  private ElasticsearchSinkWriter(
      ElementConverter<T, DocumentRequest> converter,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      OrderedRequestBuffer buffer) {
    super(
        converter,
        context,
        configuration(settings.limits(), buffer),
        states,
        (info, ignored) -> buffer.takeBatch(info.getBatchSize(), settings.limits().maxBatchBytes()),
        buffer);
    MetricGroup metrics = context.metricGroup().addGroup("flinksec");
    this.settings = settings;
    this.buffer = buffer;
    this.client = client;
    Counter rejected = metrics.counter("rejectedDocuments", new ThreadSafeSimpleCounter());
    this.badRecords = new BadRecords(settings.onError(), rejected, LOG);
    this.conversions = new SkipBrake(settings.maxSkipped());
    this.answers = new SkipBrake(settings.maxSkipped());
    this.retries =
        new Retries(
            settings, metrics.counter("retriedDocuments", new ThreadSafeSimpleCounter()), LOG);
  }

  private static AsyncSinkWriterConfiguration configuration(
      SinkSettings.Limits limits, OrderedRequestBuffer buffer) {
    return AsyncSinkWriterConfiguration.builder()
        .setMaxBatchSize(limits.maxBatchSize())
        .setMaxBatchSizeInBytes(limits.maxBatchBytes())
        .setMaxInFlightRequests(limits.maxInFlight())
        .setMaxBufferedRequests(limits.maxBuffered())
        .setMaxTimeInBufferMS(limits.flushIntervalMillis())
        .setMaxRecordSizeInBytes(limits.maxBatchBytes())
        .setRateLimitingStrategy(
            new OrderedConcurrency(buffer, limits.maxInFlight(), limits.maxBatchSize()))
        .build();
  }

  @Override
  public void write(T element, Context context) throws IOException, InterruptedException {
    try {
      super.write(element, context);
      conversions.passed();
    } catch (DocumentException e) {
      Origin origin = new Origin.Document(settings.index(), null);
      badRecords.met(new BadRecord(Stage.ENCODE, origin, e.getMessage()), conversions);
    } catch (JsonEncodingException e) {
      // Whatever on_error says: the next row would be of the wrong type, too.
      throw new ElasticsearchSinkException(
          ("a row for index '%s' is not of its type: %s; the function that returns it has another"
                  + " output_type")
              .formatted(settings.index(), e.getMessage()));
    }
  }

  /**
   * Sends everything, whatever is asked: a checkpoint then means that documents are in the index.
   */
  @Override
  public void flush(boolean endOfInput) throws InterruptedException {
    super.flush(true);
  }

  @Override
  protected void submitRequestEntries(
      List<DocumentRequest> documents, ResultHandler<DocumentRequest> result) {
    client.send(
        documents,
        outcome -> {
          try {
            act(documents, Verdict.of(settings, documents, outcome), result);
          } catch (ElasticsearchSinkException | BadRecordException | RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
  }

  private void act(
      List<DocumentRequest> documents, Verdict verdict, ResultHandler<DocumentRequest> result)
      throws ElasticsearchSinkException, BadRecordException {
    if (verdict.fatal().isPresent()) {
      throw verdict.fatal().get();
    }
    boolean someGotIn = documents.size() > verdict.rejected().size() + verdict.retry().size();
    for (BadRecord rejected : verdict.rejected()) {
      badRecords.met(rejected, someGotIn ? free : answers);
    }
    if (someGotIn) {
      answers.passed();
    }
    buffer.done(documents, verdict.retry());
    if (verdict.retry().isEmpty()) {
      result.complete();
    } else {
      retries.schedule(verdict.retry(), verdict.reason(), result);
    }
  }

  /** How many documents this writer has left out. */
  long rejectedDocuments() {
    return badRecords.leftOut();
  }

  @Override
  protected long getSizeInBytes(DocumentRequest document) {
    return document.sizeInBytes();
  }

  @Override
  public void close() {
    retries.close();
    client.close();
  }
}
