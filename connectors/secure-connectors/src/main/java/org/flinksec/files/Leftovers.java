// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that a writer had begun when it was killed. Nothing will ever make them visible, and
 * nothing else removes them.
 *
 * <p>Each file says in its name which sink, which of its writers, which run of the job and which
 * start of that writer it is of. A writer removes those of all other runs, whichever writer they
 * are of, since that one may have nothing to write in this run; of its own run those of its own
 * earlier starts, and of writers that there are no more since the job runs with fewer. It does so
 * when a file of its present start is committed: a checkpoint has then been completed, to which all
 * tasks had a part, and each of them had committed before what the restored checkpoint left to it.
 * What still has the name of an unfinished file is of no use.
 */
final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
  private static final long LONGEST_WAIT = 10_000;
  private static final int LISTINGS = 10;

  private final Path directory;
  private final String owner;
  private final int index;
  private final int parallelism;
  private final String run;
  private final String start;
  private Thread thread;
  private volatile boolean closed;

  /** The writers of this JVM, by what the names of their files begin with. */
  static final Map<String, Leftovers> LIVE = new ConcurrentHashMap<>();

  // As Flink's HadoopRecoverableFsDataOutputStream and its local one name them.
  private static final Pattern UNFINISHED =
      Pattern.compile(
          "\\.part-(?<owner>[0-9a-f]{8})-(?<index>[0-9]{1,9})-(?<run>[0-9a-f]{8})(?<start>[0-9a-f]{8})?-.*"
              + "\\.inprogress\\.[0-9a-f-]+");
  private static final Pattern FINISHED =
      Pattern.compile("(?<prefix>part-[0-9a-f]{8}-[0-9]{1,9}-[0-9a-f]{16})-.*");

  /**
   * @param directory that the sink writes to
   * @param owner of the sink: eight hexadecimal digits
   * @param index of the writer
   * @param parallelism how many writers there are
   * @param run of the job, such that no other one writes beside it: eight hexadecimal digits
   * @param start of the writer: eight hexadecimal digits
   */
  Leftovers(Path directory, String owner, int index, int parallelism, String run, String start) {
    this.directory = directory;
    this.owner = owner;
    this.index = index;
    this.parallelism = parallelism;
    this.run = run;
    this.start = start;
    LIVE.put(prefix(), this);
  }

  /**
   * Tells the writer of a file, if it is in this JVM, that the file is committed.
   *
   * @param name of the file
   */
  static void committed(String name) {
    Leftovers writer = writer(name);
    if (writer != null) {
      writer.removeOnce();
    }
  }

  /** Whether the writer of a file is in this JVM. */
  static boolean isLive(String name) {
    return writer(name) != null;
  }

  private static Leftovers writer(String name) {
    Matcher parts = FINISHED.matcher(name);
    return parts.matches() ? LIVE.get(parts.group("prefix")) : null;
  }

  /** What the names of this writer's files begin with. */
  String prefix() {
    return "part-%s-%d-%s%s".formatted(owner, index, run, start);
  }

  /** Removes them in the background, the first time that it is called, and until it is done. */
  private synchronized void removeOnce() {
    if (thread != null) {
      return;
    }
    thread = new Thread(this::remove, "leftovers of " + directory.getPath());
    thread.setDaemon(true);
    thread.setContextClassLoader(Leftovers.class.getClassLoader());
    thread.start();
  }

  /** Waits for the end of that, but not for long; what is begun from now on stays. */
  void close() {
    LIVE.remove(prefix());
    Thread removing;
    synchronized (this) {
      removing = thread;
    }
    try {
      if (removing != null) {
        removing.join(LONGEST_WAIT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
    }
  }

  void remove() {
    try {
      int removed = removeIn(FileSystem.get(directory.toUri()), directory);
      if (removed > 0) {
        LOG.info("Removed {} unfinished files of earlier starts below {}", removed, directory);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Unfinished files of earlier starts below {} are still there", directory, e);
      tryAgain();
    }
  }

  /** Lets the next file that is committed begin anew. */
  private synchronized void tryAgain() {
    thread = null;
  }

  /** A file may be renamed between its listing and a look at it, where these are two. */
  static FileStatus[] list(FileSystem files, Path directory) throws IOException {
    FileNotFoundException last = null;
    for (int i = 0; i < LISTINGS; i++) {
      try {
        FileStatus[] found = files.listStatus(directory);
        return found == null ? new FileStatus[0] : found;
      } catch (FileNotFoundException e) {
        last = e;
      }
    }
    throw last;
  }

  private int removeIn(FileSystem files, Path within) throws IOException {
    FileStatus[] found = list(files, within);
    int removed = 0;
    if (closed) { // a next start of this writer may have begun some of these
      return removed;
    }
    for (FileStatus each : found) {
      if (each.isDir()) {
        removed += removeIn(files, each.getPath());
      } else if (isLeftOver(each.getPath().getName()) && files.delete(each.getPath(), false)) {
        removed++;
      }
    }
    return removed;
  }

  /** Whether a file is one that an earlier start of a writer had not finished. */
  boolean isLeftOver(String name) {
    Matcher parts = UNFINISHED.matcher(name);
    if (!parts.matches() || !parts.group("owner").equals(owner)) {
      return false;
    }
    if (!parts.group("run").equals(run)) {
      return true;
    }
    return Integer.parseInt(parts.group("index")) % parallelism == index
        && !start.equals(parts.group("start"));
  }
}
