// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the thread of a function that does not return, from another one, and interrupts it.
 *
 * <p>Nothing is there before the first look. Where Python does not answer, something holds its lock
 * that is no Python code.
 */
final class FunctionWatch {
  private static final Logger LOG = LoggerFactory.getLogger(FunctionWatch.class);
  private static final long PATIENCE_SECONDS = 5;
  private final String name;
  private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private final Python python;
  private ExecutorService executor;
  private CompletableFuture<byte[]> unanswered;

  /**
   * What was seen.
   *
   * @param isAnswered whether Python said anything
   * @param item the place of the record or timer that the function has; -1 for none
   * @param frames the calls that have not returned, the innermost first
   */
  record Seen(boolean isAnswered, int item, StackTraceElement[] frames) {
    static final String KEPT =
        "it keeps the lock of Python outside of Python code, so that no Python function of the"
            + " process gets on, and none can tell where it is";
    private static final Seen NOTHING = new Seen(false, -1, new StackTraceElement[0]);

    boolean isAnotherItemThan(Seen before) {
      return isAnswered && before.isAnswered && item != before.item;
    }

    /** Where the function is, to be put behind a sentence. */
    @Override
    public String toString() {
      if (!isAnswered) {
        return "; " + KEPT;
      }
      StringBuilder text = new StringBuilder();
      for (StackTraceElement frame : frames) {
        text.append("\n  at ").append(frame);
      }
      return text.toString();
    }
  }

  FunctionWatch(String name, Python python) {
    this.name = name + ", watched";
    this.python = python;
  }

  /** Looks at it. */
  Seen look() {
    byte[] answer = ask('l');
    if (answer == null) {
      return Seen.NOTHING;
    }
    Unpacker read = new Unpacker(answer);
    read.arrayHeader();
    int item = (int) read.whole();
    return new Seen(true, item, PythonFunctionException.frames(read));
  }

  /** Raises {@code FunctionStopped} in it. */
  void stop() {
    ask('s');
  }

  /** Takes back what has been raised too late; for a thread that is not in Python. */
  void clear() {
    ask('c');
  }

  /** Python's answer; null for none. */
  private byte[] ask(char what) {
    if (executor == null) {
      executor =
          Executors.newSingleThreadExecutor(
              work -> {
                Thread thread = new Thread(work, name);
                thread.setDaemon(true);
                thread.setContextClassLoader(loader);
                return thread;
              });
    }
    if (unanswered != null && !unanswered.isDone()) {
      return null;
    }
    unanswered = CompletableFuture.supplyAsync(() -> answer(what), executor);
    boolean wasInterrupted = false;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    try {
      while (true) {
        try {
          return unanswered.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
          wasInterrupted = true;
        }
      }
    } catch (TimeoutException late) {
      return null;
    } catch (ExecutionException failed) {
      LOG.warn("A Python function that does not return cannot be looked at", failed.getCause());
      return null;
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private byte[] answer(char what) {
    try {
      return python.ask(what);
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  /** Ends what the first look has begun. */
  void close() {
    if (executor != null && !executor.isShutdown()) {
      executor.execute(python::endAsking);
      executor.shutdown();
    }
  }
}
