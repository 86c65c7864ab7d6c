// SPDX-License-Identifier: Apache-2.0
package org.flinksec;

import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/** Keeps what one class logs at WARN and above while it is open. */
public final class Capture extends AbstractAppender implements AutoCloseable {
  private final String logger;
  private final List<String> messages = new ArrayList<>();

  public Capture(Class<?> of) {
    super("capture-" + of.getName(), null, null, true, Property.EMPTY_ARRAY);
    this.logger = of.getName();
    start();
    LoggerConfig config = new LoggerConfig(logger, Level.WARN, false);
    config.addAppender(this, Level.WARN, null);
    context().getConfiguration().addLogger(logger, config);
    context().updateLoggers();
  }

  @Override
  public synchronized void append(LogEvent event) {
    messages.add(event.getMessage().getFormattedMessage());
  }

  public synchronized List<String> messages() {
    return List.copyOf(messages);
  }

  @Override
  public void close() {
    context().getConfiguration().removeLogger(logger);
    context().updateLoggers();
    stop();
  }

  private static LoggerContext context() {
    return (LoggerContext) LogManager.getContext(false);
  }
}
