// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.json.JsonEncodingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buffers documents, sends them, and acts on what becomes of them.
 *
 * <p>Besides Flink's own metrics of a sink it counts {@code flinksec.rejectedDocuments}, those left
 * out by {@code on_error}, {@code flinksec.conflictingDocuments} and {@code
 * flinksec.retriedDocuments}. Too many left out in a row fail the job, see {@link SkipBrake}.
 */
final class ElasticsearchSinkWriter<T> extends AsyncSinkWriter<T, DocumentRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(ElasticsearchSinkWriter.class);

  /** How long a full writer keeps the next document waiting, and a checkpoint behind it. */
  private static final Duration PATIENCE = Duration.ofMillis(200);

  private final SinkSettings settings;
  private final DocumentConverter<T> converter;
  private final OrderedRequestBuffer buffer;
  private final BulkClient client;
  private final Retries retries;
  private final BadDocuments<T> badDocuments;
  private final OrderedConcurrency concurrency;
  private final Counter conflicts;
  private final MailboxExecutor mailbox;
  private volatile boolean checkpointing;

  /** Whether the server has let this job in. */
  private volatile boolean reached;

  /** Whether a request has failed while a checkpoint waited for it. */
  private volatile boolean failedMeanwhile;

  ElasticsearchSinkWriter(
      DocumentConverter<T> converter,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      BadDocuments<T> badDocuments,
      boolean reached) {
    this(
        converter,
        context,
        settings,
        states,
        client,
        badDocuments,
        new OrderedRequestBuffer(settings.limits().maxBuffered()));
    this.reached = reached;
  }

  private ElasticsearchSinkWriter(
      DocumentConverter<T> converter,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      BadDocuments<T> badDocuments,
      OrderedRequestBuffer buffer) {
    this(
        converter,
        context,
        settings,
        states,
        client,
        badDocuments,
        buffer,
        new OrderedConcurrency(
            buffer, settings.limits().maxInFlight(), settings.limits().maxBatchSize()));
  }

  private ElasticsearchSinkWriter(
      DocumentConverter<T> converter,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      BadDocuments<T> badDocuments,
      OrderedRequestBuffer buffer,
      OrderedConcurrency concurrency) {
    super(
        new WithOriginal<>(converter, badDocuments),
        context,
        configuration(settings.limits(), concurrency),
        states,
        (info, ignored) -> buffer.takeBatch(info.getBatchSize(), client.maxBatchBytes()),
        buffer);
    MetricGroup metrics = context.metricGroup().addGroup("flinksec");
    this.settings = settings;
    this.converter = converter;
    this.buffer = buffer;
    this.client = client;
    this.concurrency = concurrency;
    this.badDocuments = badDocuments;
    this.mailbox = context.getMailboxExecutor();
    this.conflicts = metrics.counter("conflictingDocuments", new ThreadSafeSimpleCounter());
    this.retries =
        new Retries(
            settings, metrics.counter("retriedDocuments", new ThreadSafeSimpleCounter()), LOG);
    concurrency.impatientWhile(() -> checkpointing && (failedMeanwhile || retries.anyWaits()));
  }

  /** Notes with a document what it was made of. */
  private record WithOriginal<T>(DocumentConverter<T> converter, BadDocuments<T> badDocuments)
      implements ElementConverter<T, DocumentRequest> {
    @Override
    public DocumentRequest apply(T element, Context context) {
      return converter.apply(element, context).madeOf(badDocuments.current());
    }
  }

  private static AsyncSinkWriterConfiguration configuration(
      SinkSettings.Limits limits, OrderedConcurrency concurrency) {
    return AsyncSinkWriterConfiguration.builder()
        .setMaxBatchSize(limits.maxBatchSize())
        .setMaxBatchSizeInBytes(limits.maxBatchBytes())
        .setMaxInFlightRequests(limits.maxInFlight())
        .setMaxBufferedRequests(limits.maxBuffered())
        .setMaxTimeInBufferMS(limits.flushIntervalMillis())
        .setMaxRecordSizeInBytes(limits.maxBatchBytes())
        .setRateLimitingStrategy(concurrency)
        .build();
  }

  @Override
  public void write(T element, Context context) throws IOException, InterruptedException {
    if (converter.passesOver(element)) {
      return;
    }
    awaitRoom();
    try {
      super.write(element, context);
      badDocuments.converted();
    } catch (DocumentException e) {
      badDocuments.unconvertible(element, context == null ? null : context.timestamp(), e);
    } catch (JsonEncodingException e) {
      // Whatever on_error says: the next row would be of the wrong type, too.
      throw new ElasticsearchSinkException(
          ("a row for index '%s' is not of its type: %s; the function that returns it has another"
                  + " output_type")
              .formatted(settings.index(), e.getMessage()));
    }
  }

  /**
   * While as many documents wait as may, the next has to wait, too, which holds back who brings it.
   * After a short time it is let in all the same: a checkpoint that comes behind it would otherwise
   * wait for the end of an outage. At twice the number it waits however long it takes.
   */
  private void awaitRoom() throws InterruptedException {
    if (!buffer.isFull() || !concurrency.blocks()) {
      return;
    }
    long begun = System.nanoTime();
    Future<?> alarm =
        retries.later(
            () -> mailbox.execute(() -> {}, "wakes a writer that has waited for room"), PATIENCE);
    try {
      while (buffer.isFull()
          && concurrency.blocks()
          && (buffer.isOverfull() || System.nanoTime() - begun < PATIENCE.toNanos())) {
        mailbox.yield();
      }
    } finally {
      alarm.cancel(false);
    }
  }

  /**
   * Sends everything, whatever is asked: a checkpoint then means that documents are in the index.
   * Only while requests fail, those that are not in go into the checkpoint, which does not wait for
   * the end of an outage.
   */
  @Override
  public void flush(boolean endOfInput) throws InterruptedException {
    failedMeanwhile = false;
    checkpointing = !endOfInput;
    try {
      if (endOfInput || !retries.anyWaits()) {
        super.flush(true);
      }
    } catch (OrderedConcurrency.NotNowException e) {
      // What is in flight, and what waits, is in the state.
    } finally {
      checkpointing = false;
    }
    try {
      badDocuments.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  protected void submitRequestEntries(
      List<DocumentRequest> documents, ResultHandler<DocumentRequest> result) {
    client.send(
        documents,
        outcome -> {
          try {
            reached |= outcome instanceof BulkOutcome.Answered;
            act(documents, Verdict.of(settings, documents, outcome, reached), result);
          } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
  }

  private void act(
      List<DocumentRequest> documents, Verdict verdict, ResultHandler<DocumentRequest> result)
      throws IOException {
    if (verdict.fatal().isPresent()) {
      throw verdict.fatal().get();
    }
    boolean someGotIn = documents.size() > verdict.rejected().size() + verdict.retry().size();
    for (Verdict.Rejected rejected : verdict.rejected()) {
      badDocuments.refused(rejected, someGotIn);
    }
    if (someGotIn) {
      badDocuments.accepted();
    }
    conflicts.inc(verdict.conflicts());
    buffer.done(documents, verdict.retry());
    if (verdict.retry().isEmpty()) {
      result.complete();
    } else {
      retries.schedule(verdict.retry(), verdict.reason(), result);
      if (checkpointing) {
        failedMeanwhile = true;
        mailbox.execute(() -> {}, "wakes a checkpoint that waits for requests that fail");
      }
    }
  }

  /** How many documents this writer has left out. */
  long rejectedDocuments() {
    return badDocuments.leftOut();
  }

  @Override
  protected long getSizeInBytes(DocumentRequest document) {
    return document.sizeInBytes();
  }

  @Override
  public void close() {
    retries.close();
    client.close();
    try {
      badDocuments.close();
    } catch (IOException e) {
      LOG.debug("Closing the writer of dead letters", e);
    }
  }
}
