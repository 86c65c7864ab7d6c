// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.json.JsonEncodingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buffers documents, sends them, and acts on what becomes of them.
 *
 * <p>Its metrics are those of {@link SinkMetrics} and {@code flinksec.rejectedDocuments}, those
 * left out by {@code on_error}. Too many left out in a row fail the job, see {@link SkipBrake}.
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
  private final WithOriginal<T> documents;
  private final Pace pace;
  private final OrderedConcurrency concurrency;
  private final SinkMetrics metrics;
  private final MailboxExecutor mailbox;
  private final Retraction<T> retraction;
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
        new WithOriginal<>(converter, badDocuments),
        context,
        settings,
        states,
        client,
        new OrderedRequestBuffer(settings.limits().maxBuffered()),
        new Pace(settings.limits().maxBatchSize(), settings.limits().maxInFlight()));
    this.reached = reached;
  }

  private ElasticsearchSinkWriter(
      WithOriginal<T> documents,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      OrderedRequestBuffer buffer,
      Pace pace) {
    this(
        documents,
        context,
        settings,
        states,
        client,
        buffer,
        pace,
        new OrderedConcurrency(buffer, pace, settings.limits()));
  }

  private ElasticsearchSinkWriter(
      WithOriginal<T> documents,
      WriterInitContext context,
      SinkSettings settings,
      Collection<BufferedRequestState<DocumentRequest>> states,
      BulkClient client,
      OrderedRequestBuffer buffer,
      Pace pace,
      OrderedConcurrency concurrency) {
    super(
        documents,
        context,
        configuration(settings.limits(), concurrency),
        states,
        (info, ignored) -> buffer.takeBatch(info.getBatchSize(), client.maxBatchBytes()),
        buffer);
    this.settings = settings;
    this.documents = documents;
    this.converter = documents.converter;
    this.badDocuments = documents.badDocuments;
    this.buffer = buffer;
    this.client = client;
    this.pace = pace;
    this.mailbox = context.getMailboxExecutor();
    this.retraction = new Retraction<>(converter, settings, context.getProcessingTimeService());
    this.metrics = new SinkMetrics(context.metricGroup(), concurrency, buffer, pace);
    this.retries = new Retries(settings, metrics, LOG);
    this.concurrency = concurrency;
    concurrency.impatientWhile(() -> checkpointing && (failedMeanwhile || retries.anyWaits()));
  }

  /** Notes with a document what it was made of, or gives another one in its place. */
  private static final class WithOriginal<T> implements ElementConverter<T, DocumentRequest> {
    private static final long serialVersionUID = 1L;

    private final transient DocumentConverter<T> converter;
    private final transient BadDocuments<T> badDocuments;
    private transient DocumentRequest instead;

    WithOriginal(DocumentConverter<T> converter, BadDocuments<T> badDocuments) {
      this.converter = converter;
      this.badDocuments = badDocuments;
    }

    @Override
    public DocumentRequest apply(T element, Context context) {
      if (instead != null) {
        DocumentRequest made = instead;
        instead = null;
        return made;
      }
      DocumentRequest made = converter.apply(element, context).madeOf(badDocuments.current());
      badDocuments.converted();
      return made;
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
        // A request has its time from the client, which also tells what became of it.
        .setRequestTimeoutMS(TimeUnit.DAYS.toMillis(365))
        .build();
  }

  @Override
  public void write(T element, Context context) throws IOException, InterruptedException {
    if (converter.isBefore(element)) {
      letGo(null);
      hold(element, context);
      return;
    }
    awaitRoom();
    letGo(element);
    writeOne(element, context);
  }

  private void writeOne(T element, Context context) throws IOException, InterruptedException {
    try {
      super.write(element, context);
    } catch (DocumentException e) {
      documents.instead =
          badDocuments.unconvertible(element, context == null ? null : context.timestamp(), e);
      if (documents.instead != null) {
        super.write(element, context);
      }
    } catch (JsonEncodingException e) {
      // Whatever on_error says: the next row would be of the wrong type, too.
      throw new ElasticsearchSinkException(
          ("a row for index '%s' is not of its type: %s; the function that returns it has another"
                  + " output_type")
              .formatted(settings.index(), e.getMessage()));
    }
  }

  private void hold(T before, Context context) throws IOException, InterruptedException {
    DocumentRequest deletion;
    try {
      deletion = converter.apply(before, context).madeOf(badDocuments.current());
    } catch (DocumentException e) {
      if (settings.addressing().idFields().isEmpty()) {
        writeOne(before, context);
      }
      return; // What gave no document has left none.
    }
    retraction.hold(deletion, now -> letGo(null));
  }

  private void letGo(T next) throws IOException, InterruptedException {
    documents.instead = retraction.letGo(next);
    if (documents.instead != null) {
      super.write(next, null);
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
    try {
      letGo(null);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
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
    metrics.sent(documents);
    int before = pace.decreases();
    long sent = System.nanoTime();
    client.send(
        documents,
        outcome -> {
          try {
            reached |= outcome instanceof BulkOutcome.Answered;
            Verdict verdict = Verdict.of(settings, documents, outcome, reached);
            keepPace(verdict, before, (System.nanoTime() - sent) / 1_000_000);
            act(documents, verdict, result);
          } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
  }

  private void keepPace(Verdict verdict, int before, long millis) {
    metrics.requestTook(millis);
    if (verdict.trouble().compareTo(Verdict.Trouble.OVERLOAD) >= 0) {
      pace.overloaded(before);
    } else if (millis > settings.limits().targetLatencyMillis()) {
      pace.late(before);
    } else {
      pace.inTime();
    }
  }

  private void act(
      List<DocumentRequest> sent, Verdict verdict, ResultHandler<DocumentRequest> result)
      throws IOException {
    if (verdict.fatal().isPresent()) {
      throw verdict.fatal().get();
    }
    boolean someGotIn = sent.size() > verdict.rejected().size() + verdict.retry().size();
    List<DocumentRequest> letters = new ArrayList<>();
    for (Verdict.Rejected rejected : verdict.rejected()) {
      metrics.refused();
      DocumentRequest letter = badDocuments.refused(rejected, someGotIn);
      if (letter != null) {
        letters.add(letter);
      }
    }
    if (someGotIn) {
      badDocuments.accepted();
    }
    metrics.conflicting(verdict.conflicts());
    buffer.done(sent, verdict.retry(), letters);
    if (verdict.retry().isEmpty()) {
      result.retryForEntries(letters);
    } else {
      retries.schedule(verdict, letters, result);
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
