// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hidden files of a sink that compacts, which a killed run left behind: unfinished ones, and small
 * ones whose rows are in none of its checkpoints, or in a larger file by now.
 *
 * <p>They are listed when the run starts. A writer of this run that had begun one of them ends it
 * at the next checkpoint that comes to it, and says so. Of the others, what the run still has to
 * commit is known, and all else can be removed. Which checkpoint that is cannot be seen from here:
 * those that are under way when the list is there may have passed the writer before it began the
 * file. There are two of them at most, one and a savepoint, so that the third to be completed is
 * surely another one. Once all writers have ended, all is said.
 */
final class HiddenLeftovers {
  private static final Logger LOG = LoggerFactory.getLogger(HiddenLeftovers.class);
  private static final Pattern HIDDEN =
      Pattern.compile(
          "\\.(?:compacted-)?(?<file>\\.?part-(?<owner>[0-9a-f]{8})-(?<writer>[0-9]{1,9}-[0-9a-f]{16})-.*?)"
              + "(?<unfinished>\\.inprogress\\.[0-9a-f-]+)?");

  private static final int ROUNDS = 3;

  private final String owner;
  private final Set<String> alive = new HashSet<>();
  private final FutureTask<List<Leftover>> listing;
  private final List<Leftover> candidates = new ArrayList<>();
  private long first = Long.MAX_VALUE;
  private long last = Long.MAX_VALUE;
  private int rounds;
  private boolean isListed;
  private boolean isKnown;

  /** A hidden file, which writer began it, and for which file of that writer. */
  private record Leftover(Path path, String writer, List<String> of) {}

  HiddenLeftovers(Path directory, String owner) {
    this.owner = owner;
    listing =
        new FutureTask<>(
            () -> {
              List<Leftover> found = new ArrayList<>();
              list(FileSystem.get(directory.toUri()), directory, "", found);
              return found;
            });
    Thread thread = new Thread(listing, "leftovers of " + directory.getPath());
    thread.setDaemon(true);
    thread.setContextClassLoader(HiddenLeftovers.class.getClassLoader());
    thread.start();
  }

  private void list(FileSystem files, Path within, String partition, List<Leftover> found)
      throws IOException {
    FileStatus[] entries;
    try {
      entries = files.listStatus(within);
    } catch (FileNotFoundException e) {
      return;
    }
    for (FileStatus each : entries == null ? new FileStatus[0] : entries) {
      if (each.isDir()) {
        String name = each.getPath().getName();
        list(files, each.getPath(), FinishedPartitions.key(partition, name), found);
      } else {
        add(each.getPath(), partition, found);
      }
    }
  }

  private void add(Path path, String partition, List<Leftover> found) {
    Matcher parts = HIDDEN.matcher(path.getName());
    if (!parts.matches() || !parts.group("owner").equals(owner)) {
      return;
    }
    String name = parts.group("file");
    String bare = name.startsWith(".") ? name.substring(1) : name;
    // The one that is written is hidden where files are compacted, and was not before.
    List<String> of =
        List.of(
            FinishedPartitions.key(partition, "." + bare), FinishedPartitions.key(partition, bare));
    found.add(new Leftover(path, parts.group("writer"), of));
  }

  /** Takes note of a file that a writer of this run has ended. */
  void seenAlive(String name) {
    Matcher parts = HIDDEN.matcher(name);
    if (parts.matches()) {
      alive.add(parts.group("writer"));
    }
  }

  /**
   * A checkpoint is being made.
   *
   * @param isFinished whether all writers have ended before it
   */
  void checkpoint(long checkpoint, boolean isFinished) {
    if (!isListed && listing.isDone()) {
      isListed = true;
      first = checkpoint;
      try {
        candidates.addAll(listing.get());
      } catch (ExecutionException e) {
        LOG.warn("What earlier runs left behind cannot be listed", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (isFinished && isListed) {
      last = Math.min(last, checkpoint);
    }
  }

  /** A checkpoint is completed. */
  void completed(long checkpoint) {
    if (isKnown || checkpoint < first) {
      return;
    }
    rounds++;
    if (rounds == ROUNDS || checkpoint >= last) {
      isKnown = true;
      candidates.removeIf(each -> alive.contains(each.writer()));
    }
  }

  /**
   * Removes what is of no use, if that is known by now.
   *
   * @param isUnseen whether a file of this path is still to be committed
   */
  void removeUseless(Predicate<String> isUnseen) {
    if (!isKnown || candidates.isEmpty()) {
      return;
    }
    List<Leftover> useless =
        candidates.stream().filter(each -> each.of().stream().noneMatch(isUnseen)).toList();
    candidates.removeAll(useless);
    int removed = 0;
    for (Leftover each : useless) {
      try {
        removed += each.path().getFileSystem().delete(each.path(), false) ? 1 : 0;
      } catch (IOException e) {
        LOG.warn("A hidden file that an earlier run left behind is still there", e);
      }
    }
    if (removed > 0) {
      LOG.info("Removed {} hidden files that earlier runs left behind", removed);
    }
  }

  void close() {
    listing.cancel(true);
  }
}
