// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.plugins.Plugin;
import org.apache.logging.log4j.core.pattern.ConverterKeys;
import org.apache.logging.log4j.core.pattern.LogEventPatternConverter;
import org.apache.logging.log4j.core.pattern.PatternConverter;
import org.apache.logging.log4j.core.pattern.ThrowablePatternConverter;

/**
 * {@code %failure} of a pattern: as {@code %ex}, but a failure that was written not long ago takes
 * one line, with a count, in place of its stack trace.
 *
 * <p>Flink starts a job that has failed again and again, and logs why each time, in several places.
 * The lines of Flink stay as they are; a failure with another cause is written whole, with what to
 * do about it if that is known. When a checkpoint is complete again, a line says how many failures
 * there were since the first.
 */
@Plugin(name = "FailureConverter", category = PatternConverter.CATEGORY)
@ConverterKeys("failure")
public final class FailureConverter extends LogEventPatternConverter {
  private static final String COORDINATOR =
      "org.apache.flink.runtime.checkpoint.CheckpointCoordinator";
  private static final String COMPLETED = "Completed checkpoint ";

  private final ThrowablePatternConverter whole;
  private final Failures failures = new Failures();
  private final Outage outage = new Outage();

  private FailureConverter(ThrowablePatternConverter whole) {
    super("Failure", "throwable");
    this.whole = whole;
  }

  /** Made by Log4j; the options are those of {@code %ex}. */
  public static FailureConverter newInstance(Configuration configuration, String[] options) {
    return new FailureConverter(ThrowablePatternConverter.newInstance(configuration, options));
  }

  @Override
  public boolean handlesThrowable() {
    return true;
  }

  @Override
  public void format(LogEvent event, StringBuilder out) {
    Throwable thrown = event.getThrown();
    long now = event.getTimeMillis();
    if (thrown != null) {
      outage.failure(now);
      Failures.Told told = failures.meet(thrown, now);
      if (told.times() == 1) {
        whole.format(event, out);
        Advice.about(Failures.classes(thrown)).ifPresent(hint -> line(out, "hint: " + hint));
      } else {
        line(
            out,
            "the same failure as at %s, for the %d. time: %s"
                .formatted(time(told.first()), told.times(), told.cause()));
      }
    } else if (COORDINATOR.equals(event.getLoggerName())
        && event.getMessage().getFormattedMessage().startsWith(COMPLETED)) {
      outage
          .end()
          .ifPresent(
              ended ->
                  line(
                      out,
                      "the job goes on: the first checkpoint since %s, failures logged: %d"
                          .formatted(time(ended.first()), ended.failures())));
    }
  }

  private static void line(StringBuilder out, String text) {
    out.append("  [").append(text).append(']').append(System.lineSeparator());
  }

  private static LocalTime time(long millis) {
    return LocalTime.ofInstant(Instant.ofEpochMilli(millis), ZoneId.systemDefault())
        .truncatedTo(ChronoUnit.SECONDS);
  }
}
