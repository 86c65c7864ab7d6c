// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.enumerate.FileEnumerator;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.flinksec.files.PartitionNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files below a directory, at any depth, without hidden ones and empty ones, in the order of
 * their paths.
 *
 * <p>Flink's own enumerators number splits anew after a restore, and a reader takes one for the
 * other that it has still to finish; here a split is called by its file and place.
 */
final class DirectoryEnumerator implements FileEnumerator {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryEnumerator.class);
  private static final String COPYING = "._COPYING_"; // of hadoop fs -put

  /** Smaller parts of a file are not worth their reader. */
  private static final long LEAST = 32L << 20;

  private final RecordFiles files;
  private final boolean wholeFiles;
  private final long part;
  private boolean failed;

  /**
   * @param wholeFiles whether a file is never shared by several readers, as where new ones are
   *     looked for, of which each path is one
   * @param part the size of the parts of a file, in bytes; 0 for that of its blocks
   */
  DirectoryEnumerator(RecordFiles files, boolean wholeFiles, long part) {
    this.files = files;
    this.wholeFiles = wholeFiles;
    this.part = part;
  }

  @Override
  public Collection<FileSourceSplit> enumerateSplits(Path[] paths, int desired) throws IOException {
    List<FileStatus> found = new ArrayList<>();
    for (Path path : paths) {
      FileSystem system = path.getFileSystem();
      FileStatus status = system.getFileStatus(path);
      if (status.isDir()) {
        list(system, path, found);
      } else {
        found.add(status);
      }
    }
    found.sort(Comparator.comparing(status -> status.getPath().getPath()));
    List<FileSourceSplit> splits = new ArrayList<>();
    for (FileStatus status : found) {
      split(status, splits);
    }
    return splits;
  }

  /** The files of a directory that is watched; none if they cannot be looked for at present. */
  Optional<List<FileSourceSplit>> look(Path path) {
    List<FileSourceSplit> found;
    try {
      found = List.copyOf(enumerateSplits(new Path[] {path}, 1));
    } catch (IOException e) {
      told(path, e);
      return Optional.empty();
    }
    if (failed) {
      failed = false;
      LOG.info("Files below {} are found again.", path);
    }
    return Optional.of(found);
  }

  /** Of a directory that is watched, it is told once, and looked for again. */
  private void told(Path path, IOException e) {
    if (!failed) {
      failed = true;
      LOG.warn(
          "New files below {} cannot be looked for at present, and the job looks again: {}",
          path,
          e.getMessage() == null
              ? e.getClass().getName()
              : e.getMessage().lines().findFirst().get());
    }
  }

  private static void list(FileSystem system, Path directory, List<FileStatus> found)
      throws IOException {
    FileStatus[] listed;
    try {
      listed = system.listStatus(directory);
    } catch (FileNotFoundException e) {
      return; // removed since its parent was listed
    }
    if (listed == null) {
      return;
    }
    for (FileStatus status : listed) {
      if (isHidden(status.getPath().getName())) {
        continue;
      }
      if (status.isDir()) {
        list(system, status.getPath(), found);
      } else if (status.getLen() > 0) { // one that is empty may only have been begun
        found.add(status);
      }
    }
  }

  static boolean isHidden(String name) {
    return name.startsWith(".")
        || name.startsWith("_") && !PartitionNames.isNone(name)
        || name.endsWith(COPYING);
  }

  private void split(FileStatus status, List<FileSourceSplit> splits) {
    long size = status.getLen();
    long step = size;
    if (!wholeFiles && files.isSplittable(status.getPath().getName())) {
      step = part > 0 ? part : Math.max(LEAST, status.getBlockSize());
    }
    for (long start = 0; start < size; start += step) {
      splits.add(
          new FileSourceSplit(
              id(status, start),
              status.getPath(),
              start,
              Math.min(step, size - start),
              status.getModificationTime(),
              size));
    }
  }

  private static String id(FileStatus status, long start) {
    String text =
        "%s\0%d\0%d\0%d"
            .formatted(status.getPath(), status.getModificationTime(), status.getLen(), start);
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] digest = sha.digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each Java has it
    }
  }
}
