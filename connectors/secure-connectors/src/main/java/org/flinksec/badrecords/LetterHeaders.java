// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The headers of a dead letter: first the record's own, then ours. The names that begin with {@code
 * __connect} are those of Kafka Connect's {@code DeadLetterQueueReporter}, in its order.
 */
public final class LetterHeaders {
  /** Begins our headers: what stands before the last one of this name is the record's. */
  public static final String LETTER = "__flinksec.letter";

  /** Whether the letter holds the record, an element, or bytes of a file. */
  public static final String HOLDS = "__flinksec.holds";

  /** The topic or index that the element was to be written to. */
  public static final String TARGET = "__flinksec.target";

  /** The file that the record was read from. */
  public static final String FILE = "__flinksec.file";

  /** Where in this file. */
  public static final String POSITION = "__flinksec.position";

  static final String VERSION = "1";

  private static final String CONNECT = "__connect.errors.";

  private LetterHeaders() {}

  /**
   * All headers of a letter.
   *
   * @param job the name of the job
   * @param task the number of the parallel instance that writes it, from 0
   */
  public static List<Original.Header> of(Letter letter, String job, int task) {
    Original record = letter.original();
    List<Original.Header> all = new ArrayList<>();
    if (record != null) {
      all.addAll(record.headers());
    }
    add(all, LETTER, VERSION);
    add(all, HOLDS, holds(letter));
    if (record != null) {
      add(all, CONNECT + "topic", record.topic());
      add(all, CONNECT + "partition", Integer.toString(record.partition()));
      add(all, CONNECT + "offset", Long.toString(record.offset()));
    }
    add(all, CONNECT + "connector.name", job);
    add(all, CONNECT + "task.id", Integer.toString(task));
    add(all, CONNECT + "stage", letter.connectStage());
    add(all, CONNECT + "class.name", letter.finder());
    add(all, CONNECT + "exception.class.name", letter.exception());
    add(all, CONNECT + "exception.message", letter.why());
    add(all, CONNECT + "exception.stacktrace", letter.trace());
    add(all, TARGET, letter.target());
    if (letter.file() != null) {
      add(all, FILE, letter.file().path());
      add(all, POSITION, letter.file().position());
    }
    return all;
  }

  private static String holds(Letter letter) {
    if (letter.original() != null) {
      return "record";
    }
    return letter.file() != null ? "bytes" : "element";
  }

  private static void add(List<Original.Header> all, String name, String value) {
    if (value != null) {
      all.add(new Original.Header(name, value.getBytes(StandardCharsets.UTF_8)));
    }
  }
}
