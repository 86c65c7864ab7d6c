// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.runtime.execution.CancelTaskException;

/**
 * What statements fail with on a record, without its values.
 *
 * <p>Flink's own functions quote what they could not use: a {@code CAST} the text that is no
 * number. They run in the task of the source, and their exceptions pass the place where the record
 * is known. What comes from elsewhere, a function of Python or a server, is left as it is.
 */
final class QuietFailures {
  private static final int DEEPEST = 50;

  private QuietFailures() {}

  /** What to throw in place of what was thrown when the row of a record was handed on. */
  static RuntimeException told(RuntimeException thrown, ConsumerRecord<byte[], byte[]> record) {
    Throwable deepest = thrown;
    for (int depth = 0; depth < DEEPEST; depth++) {
      if (isOfOthers(deepest)) {
        return thrown;
      }
      if (deepest.getCause() == null || deepest.getCause() == deepest) {
        break;
      }
      deepest = deepest.getCause();
    }
    if (!isOfTables(deepest)) {
      return thrown;
    }
    return new StatementFailedException(
        "a statement fails on the Kafka record at topic %s, partition %d, offset %d: %s in a"
                .formatted(
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    deepest.getClass().getSimpleName())
            + " function of SQL, such as CAST of a text that is none of the type; TRY_CAST gives"
            + " null there",
        deepest.getStackTrace());
  }

  private static boolean isOfOthers(Throwable one) {
    String name = one.getClass().getName();
    return one instanceof CancelTaskException
        || one instanceof InterruptedException
        || one instanceof IOException
        || one instanceof UncheckedIOException
        || one instanceof Error
        || name.startsWith("org.flinksec.")
        || name.startsWith("pemja.")
        || name.contains(".python.");
  }

  /** Whether it was thrown by code that the planner made, or below it. */
  private static boolean isOfTables(Throwable one) {
    for (StackTraceElement frame : one.getStackTrace()) {
      String name = frame.getClassName();
      if (name.startsWith("org.apache.flink.python.") || name.startsWith("pemja.")) {
        return false;
      }
      if (name.startsWith("StreamExec") || name.startsWith("org.apache.flink.table.")) {
        return true;
      }
    }
    return false;
  }
}
