// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.flinksec.badrecords.LetterOutlet;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.elasticsearch.connection.ConnectionException;
import org.flinksec.elasticsearch.connection.FirstContact;
import org.flinksec.tls.Verification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sink as it stands in a job graph: settings and a converter, no secrets, no connections. */
final class ElasticsearchSink<T> extends AsyncSinkBase<T, DocumentRequest> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ElasticsearchSink.class);

  private final SinkSettings settings;
  private final DocumentConverter<T> documents;
  private LetterOutlet.Factory letters;
  private LetterPolicy indexed;
  private boolean traced;

  ElasticsearchSink(DocumentConverter<T> converter, SinkSettings settings) {
    super(
        converter,
        settings.limits().maxBatchSize(),
        settings.limits().maxInFlight(),
        settings.limits().maxBuffered(),
        settings.limits().maxBatchBytes(),
        settings.limits().flushIntervalMillis(),
        settings.limits().maxBatchBytes());
    this.settings = settings;
    this.documents = converter;
  }

  /**
   * @param factory makes where dead letters go
   * @param fromArrivals whether the current record of the task is the one that an element was made
   *     of
   */
  ElasticsearchSink<T> letters(LetterOutlet.Factory factory, boolean fromArrivals) {
    letters = factory;
    traced = fromArrivals;
    return this;
  }

  /**
   * @param policy of letters that go to an index
   * @param fromArrivals as above
   */
  ElasticsearchSink<T> indexedLetters(LetterPolicy policy, boolean fromArrivals) {
    indexed = policy;
    traced = fromArrivals;
    return this;
  }

  @Override
  public StatefulSinkWriter<T, BufferedRequestState<DocumentRequest>> createWriter(
      WriterInitContext context) throws ElasticsearchSinkException {
    return restoreWriter(context, List.of());
  }

  @Override
  public StatefulSinkWriter<T, BufferedRequestState<DocumentRequest>> restoreWriter(
      WriterInitContext context, Collection<BufferedRequestState<DocumentRequest>> states)
      throws ElasticsearchSinkException {
    requireRoom(states);
    if (context.getTaskInfo().getIndexOfThisSubtask() == 0) {
      warnOfWeakChoices();
    }
    List<String> silent;
    try {
      silent = FirstContact.make(settings.connection(), settings.contacts());
    } catch (ConnectionException e) {
      throw new ElasticsearchSinkException(e.getMessage(), e);
    }
    if (!silent.isEmpty()) {
      LOG.warn("No answer from Elasticsearch at {}", String.join(", ", silent));
    }
    BulkClient client = new BulkClient(settings);
    int task = context.getTaskInfo().getIndexOfThisSubtask();
    LetterOutlet outlet = letters == null ? null : letters.open(context.metricGroup(), task);
    IndexLetters indexer =
        indexed == null
            ? null
            : new IndexLetters(
                indexed, context.metricGroup(), task, settings.limits().maxBatchBytes());
    try {
      return new ElasticsearchSinkWriter<>(
          documents,
          context,
          settings,
          states,
          client,
          new BadDocuments<>(settings, documents, outlet, indexer, traced, context.metricGroup()),
          silent.size() < settings.connection().https().servers().size());
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /** Flink would refuse it, too, and name no setting. */
  private void requireRoom(Collection<BufferedRequestState<DocumentRequest>> states)
      throws ElasticsearchSinkException {
    long largest =
        states.stream()
            .flatMap(state -> state.getBufferedRequestEntries().stream())
            .mapToLong(RequestEntryWrapper::getSize)
            .max()
            .orElse(0);
    if (largest > settings.limits().maxBatchBytes()) {
      throw new ElasticsearchSinkException(
          "the checkpoint holds a document of %d bytes for index '%s', and elasticsearch.max_batch_bytes is %d: raise it until the document is written"
              .formatted(largest, settings.index(), settings.limits().maxBatchBytes()));
    }
  }

  private void warnOfWeakChoices() {
    if (!settings.connection().encrypted()) {
      LOG.warn(
          "Documents and credentials go to Elasticsearch unencrypted, as elasticsearch.hosts says:"
              + " {}",
          settings.connection().hostList());
    } else if (settings.connection().https().tls().verification() == Verification.NONE) {
      LOG.warn(
          "Whoever answers is taken for Elasticsearch, as elasticsearch.verification = \"none\""
              + " says: {}",
          settings.connection().hostList());
    }
  }

  @Override
  public SimpleVersionedSerializer<BufferedRequestState<DocumentRequest>>
      getWriterStateSerializer() {
    return new DocumentRequestSerializer();
  }
}
