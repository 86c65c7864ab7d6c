// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A second thread for streams of large files, while this process has a processor to spare.
 *
 * <p>All streams together use at most one thread less than there are processors; when those are
 * busy, or there is one processor only, a stream does its work itself. A piece of work that hangs
 * keeps its thread, and holds up no other stream.
 */
final class SpareThread {
  static final Semaphore FREE = new Semaphore(Runtime.getRuntime().availableProcessors() - 1);
  private static final ExecutorService THREADS = Executors.newCachedThreadPool(SpareThread::named);

  private static final int SETTLE_SECONDS = 3;

  private SpareThread() {}

  private static Thread named(Runnable work) {
    Thread thread = new Thread(work, "sealed-state-io");
    thread.setDaemon(true);
    // Else it keeps the class loader of the job that happened to be the first.
    thread.setContextClassLoader(SpareThread.class.getClassLoader());
    return thread;
  }

  /** Starts the work on another thread, or does nothing if none is free. */
  static <T> Optional<CompletableFuture<T>> start(Callable<T> work) {
    if (!FREE.tryAcquire()) {
      return Optional.empty();
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      THREADS.execute(() -> run(work, result));
    } catch (Throwable e) {
      FREE.release();
      throw e;
    }
    return Optional.of(result);
  }

  private static <T> void run(Callable<T> work, CompletableFuture<T> result) {
    T value = null;
    Throwable failure = null;
    try {
      value = work.call();
    } catch (Throwable e) {
      failure = e;
    }
    // First, so that who waits for the result finds the thread free again.
    FREE.release();
    if (failure == null) {
      result.complete(value);
    } else {
      result.completeExceptionally(failure);
    }
  }

  /** Waits for the work; an interrupt does not end the wait, as it ends no write to a file. */
  static <T> T await(CompletableFuture<T> work) throws IOException {
    try {
      return work.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof Error error) {
        throw error;
      }
      throw cause instanceof IOException io ? io : new IOException("a background task failed", e);
    }
  }

  /**
   * Waits for work on a file that is about to be closed: system calls that went on after that might
   * meet another file, which got the same number. It waits for three seconds only, since what hangs
   * may end by the closing.
   */
  static void settle(CompletableFuture<?> work) {
    if (work == null) {
      return;
    }
    try {
      work.get(SETTLE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
