// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;

/**
 * Files that the state of a job still has to make visible, and that are gone.
 *
 * <p>Flink makes visible what it finds, and takes a file that it does not find for one that
 * somebody has removed since; see {@code HadoopRenameCommitter.commitAfterRecovery}. It may as well
 * have been removed before a reader saw it: a savepoint that was taken in mid-job refers to files
 * that a restart from an older checkpoint removes, and there are those who clean up hidden files.
 */
final class MissingFiles {
  private static final String UNFINISHED = ".inprogress.";

  private final Path directory;

  /**
   * @param directory that the sink writes to
   */
  MissingFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * Refuses to go on if one of these is neither finished nor unfinished there.
   *
   * @throws IOException if a file is missing, or its directory cannot be listed
   */
  void refuse(Collection<FileSinkCommittable> committables) throws IOException {
    Map<Path, Set<String>> listed = new HashMap<>();
    for (FileSinkCommittable each : committables) {
      if (!each.hasPendingFile() || each.getPendingFile().getPath() == null) {
        continue;
      }
      // Flink's own path of it has each percent sign written twice.
      String name = each.getPendingFile().getPath().getName();
      String partition = each.getBucketId();
      Path within = partition.isEmpty() ? directory : new Path(directory, partition);
      Set<String> there = listed.get(within);
      if (there == null) {
        there = names(within);
        listed.put(within, there);
      }
      if (!there.contains(name)) {
        throw new IOException(
            "the file "
                + new Path(within, name).getPath()
                + ", which the job's state is to make visible, is neither there nor left"
                + " unfinished: its rows may be missing");
      }
    }
  }

  /** The names of files as they are, or will be when they are finished. */
  private static Set<String> names(Path within) throws IOException {
    Set<String> names = new HashSet<>();
    FileStatus[] found;
    try {
      found = Leftovers.list(within.getFileSystem(), within);
    } catch (FileNotFoundException e) {
      if (within.getFileSystem().exists(within)) {
        throw e; // files come and go while it is listed
      }
      return names;
    }
    for (FileStatus each : found) {
      String name = each.getPath().getName();
      int end = name.lastIndexOf(UNFINISHED);
      names.add(name.startsWith(".") && end > 0 ? name.substring(1, end) : name);
    }
    return names;
  }
}
