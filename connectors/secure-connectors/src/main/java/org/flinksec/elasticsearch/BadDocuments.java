// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.flinksec.badrecords.BadRecords;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterOutlet;
import org.flinksec.badrecords.Original;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.flinksec.elasticsearch.Verdict.Rejected;
import org.slf4j.LoggerFactory;

/**
 * What becomes of the documents of one writer that cannot be made, or are refused for good.
 *
 * @param <T> what they are made of
 */
final class BadDocuments<T> implements AutoCloseable {
  private final SinkSettings settings;
  private final DocumentConverter<T> converter;
  private final LetterOutlet letters;
  private final IndexLetters indexed;
  private final boolean traced;
  private final BadRecords badRecords;

  // Two, since what is converted now is answered later; the third never brakes.
  private final SkipBrake conversions;
  private final SkipBrake answers;
  private final SkipBrake free = new SkipBrake(0);

  /**
   * @param letters where dead letters go; null for nowhere
   * @param indexed makes documents of them, for an index; null for none
   * @param traced whether the current record of the task is the one that an element was made of
   */
  BadDocuments(
      SinkSettings settings,
      DocumentConverter<T> converter,
      LetterOutlet letters,
      IndexLetters indexed,
      boolean traced,
      MetricGroup metrics) {
    this.settings = settings;
    this.converter = converter;
    this.letters = letters;
    this.indexed = indexed;
    this.traced = traced;
    Counter rejected =
        metrics.addGroup("flinksec").counter("rejectedDocuments", new ThreadSafeSimpleCounter());
    this.badRecords =
        new BadRecords(
            settings.onError(), rejected, LoggerFactory.getLogger(ElasticsearchSinkWriter.class));
    this.conversions = new SkipBrake(settings.maxSkipped());
    this.answers = new SkipBrake(settings.maxSkipped());
  }

  /**
   * The record of Kafka that is just being worked on; null where it is not known, or not needed.
   */
  Original current() {
    return (letters != null || indexed != null) && traced ? Current.ofThread().original() : null;
  }

  void converted() {
    conversions.passed();
  }

  /**
   * An element gives no document.
   *
   * @return a dead letter that is to be sent in its place; null for none
   */
  DocumentRequest unconvertible(T element, Long timestamp, DocumentException why)
      throws IOException {
    return met(
        Stage.ENCODE,
        current(),
        () -> converter.inLetter(element),
        timestamp,
        why.getClass(),
        why.getMessage(),
        conversions);
  }

  /**
   * A document is refused.
   *
   * @param amongOthers whether others of the same request are in
   * @return a dead letter that is to be sent in its place; null for none
   */
  DocumentRequest refused(Rejected rejected, boolean amongOthers) throws IOException {
    DocumentRequest document = rejected.document();
    return met(
        Stage.REFUSED,
        document.original(),
        () -> held(document),
        null,
        ElasticsearchSinkException.class,
        rejected.why().why(),
        amongOthers ? free : answers);
  }

  void accepted() {
    answers.passed();
  }

  private DocumentRequest met(
      Stage stage,
      Original original,
      Supplier<byte[]> held,
      Long timestamp,
      Class<?> exception,
      String why,
      SkipBrake brake)
      throws IOException {
    Letter letter =
        new Letter(
            stage,
            original,
            letters != null && original == null ? held.get() : null,
            timestamp == null ? -1 : timestamp,
            ElasticsearchSinkWriter.class.getName(),
            exception.getName(),
            why,
            null,
            settings.index());
    if (!badRecords.met(letter.badRecord(), brake)) {
      return null;
    }
    if (letters != null) {
      letters.put(letter);
    }
    return indexed == null ? null : indexed.of(letter, held.get());
  }

  private static byte[] held(DocumentRequest document) {
    return document.json().length > 0
        ? document.json()
        : "{\"_id\":%s}".formatted(quoted(document.id())).getBytes(StandardCharsets.UTF_8);
  }

  private static String quoted(String text) {
    return '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  /** Returns when all letters are written. */
  void flush() throws IOException {
    if (letters != null) {
      letters.flush();
    }
  }

  long leftOut() {
    return badRecords.leftOut();
  }

  @Override
  public void close() throws IOException {
    if (letters != null) {
      letters.close();
    }
  }
}
