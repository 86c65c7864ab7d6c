// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.elasticsearch.connection.ConnectionSettings;
import org.flinksec.https.FlatSettings;

/**
 * A sink's settings. It travels in the job graph, and holds no secrets.
 *
 * @param connection how Elasticsearch is reached
 * @param index the index, alias or data stream
 * @param contact what the server is asked for at start: the index, or all that a pattern makes
 * @param addressing how a record says where its document goes
 * @param content which fields of a record are in its document
 * @param actions what holds for all documents
 * @param limits how much is batched, buffered and in flight
 * @param onError what happens to a document that cannot be sent, or is refused for good
 * @param maxSkipped how many documents may be left out in a row; 0 for any number
 * @param letterIndex the index, alias or data stream that keeps dead letters; null for none
 */
record SinkSettings(
    ConnectionSettings connection,
    String index,
    String contact,
    Addressing addressing,
    Content content,
    Actions actions,
    Limits limits,
    OnBadRecord onError,
    int maxSkipped,
    String letterIndex)
    implements Serializable {
  /** What is no setting of the section, by its name in messages. */
  private static final Map<String, String> ARGUMENTS =
      Map.of(
          "index", "index",
          "dead_letter_index", "dead_letter_index",
          "omit_nulls", "omit_nulls",
          "require_alias", "require_alias",
          "version_conflict_is_success", "version_conflict_is_success",
          "max_skipped_in_a_row", "job.max_skipped_in_a_row");

  /**
   * @param maxBatchSize documents in one request, at most; 1000
   * @param maxBatchBytes bytes of one request before compression, and of one document; 5 MiB
   * @param maxInFlight requests at the same time, per parallel writer; 4
   * @param maxBuffered documents waiting before the writer stops taking more; 10 batches
   * @param flushIntervalMillis how long a document waits for its batch to fill; 1000
   * @param targetLatencyMillis a request that takes longer makes the next ones fewer and smaller;
   *     10 s
   * @param retryTimeoutMillis how long a document is retried before the job fails; 5 minutes
   * @param retryBackoffMillis how long it waits after its first failure; 100
   * @param maxRetryBackoffMillis how long it waits at most; 10 s
   */
  record Limits(
      int maxBatchSize,
      int maxBatchBytes,
      int maxInFlight,
      int maxBuffered,
      int flushIntervalMillis,
      int targetLatencyMillis,
      int retryTimeoutMillis,
      int retryBackoffMillis,
      int maxRetryBackoffMillis)
      implements Serializable {

    Limits {
      if (maxBuffered <= maxBatchSize) {
        throw new IllegalArgumentException(
            "elasticsearch.max_buffered must be greater than elasticsearch.max_batch_size");
      }
      if (maxRetryBackoffMillis < retryBackoffMillis) {
        throw new IllegalArgumentException(
            "elasticsearch.max_retry_backoff must not be less than elasticsearch.retry_backoff");
      }
    }

    /** Takes the limits out of flat settings; times are in milliseconds. */
    static Limits take(FlatSettings flat) {
      int maxBatchSize = flat.positive("max_batch_size", 1000);
      return new Limits(
          maxBatchSize,
          flat.positive("max_batch_bytes", 5 * 1024 * 1024),
          flat.positive("max_in_flight", 4),
          flat.positive("max_buffered", 10 * maxBatchSize),
          flat.positive("flush_interval", 1000),
          flat.positive("target_latency", 10_000),
          flat.positive("retry_timeout", 300_000),
          flat.positive("retry_backoff", 100),
          flat.positive("max_retry_backoff", 10_000));
    }
  }

  /** What the server is asked for at start. */
  List<String> contacts() {
    return letterIndex == null ? List.of(contact) : List.of(contact, letterIndex);
  }

  /**
   * Reads flat settings: those of {@link ConnectionSettings}, the limits under their names in
   * {@code [elasticsearch]} (times in milliseconds), and {@code index}, {@code on_error}, {@code
   * max_skipped_in_a_row}, {@code dead_letter_index}, and those of {@link Content}, {@link
   * Addressing} and {@link Actions}. Several fields are separated by line feeds. Only {@code hosts}
   * and {@code index} are required.
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  static SinkSettings parse(Map<String, String> settings) {
    FlatSettings flat = new FlatSettings("elasticsearch", settings, ARGUMENTS);
    String index = flat.required("index");
    SinkSettings parsed =
        new SinkSettings(
            ConnectionSettings.take(flat),
            index,
            flat.optional("index_contact", index),
            Addressing.take(flat),
            Content.take(flat),
            Actions.take(flat),
            Limits.take(flat),
            OnBadRecord.parse(flat.optional(OnBadRecord.ARGUMENT, OnBadRecord.FAIL.word())),
            flat.atLeast(0, "max_skipped_in_a_row", SkipBrake.DEFAULT),
            flat.optional("dead_letter_index"));
    flat.requireAllTaken();
    return parsed;
  }
}
