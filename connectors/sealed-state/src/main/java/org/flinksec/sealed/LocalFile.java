// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A file on a local or mounted volume, moved through direct memory without the copy that {@code
 * java.io} makes.
 *
 * <p>{@code FileChannel} closes itself when a thread that uses it is interrupted, as Flink does to
 * tasks that it cancels, and then whoever closes the file well meets a closed channel. The
 * asynchronous channel does not; here each caller's own thread does the work.
 *
 * <p>A close during another thread's read or write returns at once, and that thread closes the file
 * when it is through: a hanging volume hangs nobody else, and no system call meets another file
 * that got the same number.
 */
final class LocalFile implements FileSource, FileTarget {
  private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);
  private static final Set<StandardOpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final Set<StandardOpenOption> OVERWRITE =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE);
  private static final ExecutorService CALLER = new Caller();

  private final AsynchronousFileChannel channel;

  /** Where the next write goes. */
  private long end;

  private int inUse;
  private boolean closed;

  private LocalFile(AsynchronousFileChannel channel) {
    this.channel = channel;
  }

  static LocalFile open(Path path) throws IOException {
    return new LocalFile(AsynchronousFileChannel.open(path, READ, CALLER));
  }

  /**
   * Makes a file.
   *
   * @param overwrites whether one that is there becomes empty, else it is an error
   */
  static LocalFile create(Path path, boolean overwrites) throws IOException {
    return new LocalFile(AsynchronousFileChannel.open(path, overwrites ? OVERWRITE : NEW, CALLER));
  }

  long size() throws IOException {
    return channel.size();
  }

  @Override
  public int read(long at, ByteBuffer out) throws IOException {
    return use(() -> channel.read(out, at));
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      end += use(() -> channel.write(bytes, end));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void sync() throws IOException {
    enter();
    try {
      channel.force(true);
    } finally {
      leave();
    }
  }

  @Override
  public boolean likesDirectMemory() {
    return true;
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      if (inUse > 0) {
        return;
      }
    }
    channel.close();
  }

  /** Something that is done when its call returns. */
  private interface Call {
    Future<Integer> done();
  }

  private int use(Call call) throws IOException {
    enter();
    try {
      return call.done().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException("it was done, and nothing to wait for", e);
    } finally {
      leave();
    }
  }

  private synchronized void enter() throws IOException {
    if (closed) {
      throw new IOException("the file was closed");
    }
    inUse++;
  }

  private void leave() throws IOException {
    synchronized (this) {
      inUse--;
      if (inUse > 0 || !closed) {
        return;
      }
    }
    channel.close();
  }

  /** Runs what it is given in the thread that gives it. */
  private static final class Caller extends AbstractExecutorService {
    @Override
    public void execute(Runnable work) {
      work.run();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return false;
    }
  }
}
