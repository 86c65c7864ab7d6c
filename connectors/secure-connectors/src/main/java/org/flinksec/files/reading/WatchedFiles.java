// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.PendingSplitsCheckpoint;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for new files, and gives each to a reader, once.
 *
 * <p>As Flink's own {@code ContinuousFileSplitEnumerator}, whose state it goes on from, but that
 * remembers all paths that there ever were: what it keeps, in memory and in each checkpoint, has no
 * bound. This one forgets a path when the file is not there any more.
 */
final class WatchedFiles
    implements SplitEnumerator<FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>> {
  private static final Logger LOG = LoggerFactory.getLogger(WatchedFiles.class);

  private final SplitEnumeratorContext<FileSourceSplit> context;
  private final DirectoryEnumerator directory;
  private final Path path;
  private final long intervalMillis;
  private final InOrder waiting;
  private final Set<Path> known;
  private final Map<Integer, String> idle = new LinkedHashMap<>();

  /**
   * @param directory finds files
   * @param path of the directory, or of one file
   * @param intervalMillis between two looks
   * @param waiting files that no reader has yet
   * @param known paths that were found already
   */
  WatchedFiles(
      SplitEnumeratorContext<FileSourceSplit> context,
      DirectoryEnumerator directory,
      Path path,
      long intervalMillis,
      Collection<FileSourceSplit> waiting,
      Collection<Path> known) {
    this.context = context;
    this.directory = directory;
    this.path = path;
    this.intervalMillis = intervalMillis;
    this.waiting = new InOrder(waiting);
    this.known = new HashSet<>(known);
  }

  @Override
  public void start() {
    context.callAsync(() -> directory.look(path), this::found, 0, intervalMillis);
  }

  private void found(Optional<List<FileSourceSplit>> found, Throwable error) {
    if (error != null) {
      LOG.warn("New files below {} cannot be looked for at present", path, error);
      return;
    }
    if (found.isEmpty()) {
      return;
    }
    Set<Path> there =
        found.get().stream()
            .map(FileSourceSplit::path)
            .collect(Collectors.toCollection(HashSet::new));
    known.retainAll(there);
    waiting.addSplits(found.get().stream().filter(each -> known.add(each.path())).toList());
    assign();
  }

  private void assign() {
    Iterator<Map.Entry<Integer, String>> readers = idle.entrySet().iterator();
    while (readers.hasNext()) {
      Map.Entry<Integer, String> reader = readers.next();
      if (!context.registeredReaders().containsKey(reader.getKey())) {
        readers.remove(); // it has failed since it asked
        continue;
      }
      Optional<FileSourceSplit> next = waiting.getNext(reader.getValue());
      if (next.isEmpty()) {
        return;
      }
      context.assignSplit(next.get(), reader.getKey());
      readers.remove();
    }
  }

  @Override
  public void handleSplitRequest(int reader, String host) {
    idle.put(reader, host);
    assign();
  }

  @Override
  public void addSplitsBack(List<FileSourceSplit> splits, int reader) {
    waiting.addSplits(splits);
  }

  @Override
  public void addReader(int reader) {
    // It asks for files by itself.
  }

  @Override
  public PendingSplitsCheckpoint<FileSourceSplit> snapshotState(long checkpoint) {
    return PendingSplitsCheckpoint.fromCollectionSnapshot(waiting.remainingSplits(), known);
  }

  @Override
  public void close() throws IOException {
    // Nothing is open.
  }
}
