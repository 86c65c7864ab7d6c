// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.flinksec.files.FileColumns.Column;

/** How the columns of files that are to be written differ from those that are there already. */
public final class ColumnChanges {
  private final String file;
  private final List<String> compatible = new ArrayList<>();
  private final List<String> incompatible = new ArrayList<>();

  private ColumnChanges(String file) {
    this.file = file;
  }

  /**
   * Compares with the newest file below a directory, as the times of directories lead to it: only
   * the file's own footer, or header, says what is in it, whoever wrote or moved it.
   *
   * @param directory a URI
   * @param suffix of the names of the files
   * @param columns of the format
   * @throws IOException if the directory or the file cannot be read
   */
  public static ColumnChanges between(String directory, String suffix, FileColumns columns)
      throws IOException {
    Path top = new Path(directory);
    Path newest = newest(FileSystem.get(top.toUri()), top, suffix);
    ColumnChanges changes = new ColumnChanges(newest == null ? "" : newest.getPath());
    if (newest != null) {
      changes.compare(columns.read(newest), columns.written());
    }
    return changes;
  }

  private static Path newest(FileSystem files, Path within, String suffix) throws IOException {
    FileStatus[] found;
    try {
      found = files.listStatus(within);
    } catch (FileNotFoundException e) {
      return null;
    }
    FileStatus[] entries = found == null ? new FileStatus[0] : found;
    Arrays.sort(entries, Comparator.comparingLong(FileStatus::getModificationTime).reversed());
    for (FileStatus each : entries) {
      String name = each.getPath().getName();
      if (name.startsWith(".") || name.startsWith("_")) {
        continue;
      }
      Path file = each.getPath();
      if (each.isDir()) {
        file = newest(files, each.getPath(), suffix);
      } else if (!name.endsWith(suffix) || !name.contains("part-")) {
        continue;
      }
      if (file != null) {
        return file;
      }
    }
    return null;
  }

  void compare(Map<String, Column> before, Map<String, Column> now) {
    now.forEach(
        (path, column) -> {
          Column old = before.get(path);
          if (old == null) {
            String what = "'%s' (%s) is new".formatted(path, column.type());
            (column.optional() ? compatible : incompatible)
                .add(column.optional() ? what : what + ", and required");
          } else if (!old.type().equals(column.type())) {
            incompatible.add("'%s' was %s and is %s".formatted(path, old.type(), column.type()));
          } else if (old.optional() != column.optional()) {
            compatible.add(
                "'%s' is %s now".formatted(path, column.optional() ? "optional" : "required"));
          }
        });
    before.forEach(
        (path, column) -> {
          if (!now.containsKey(path)) {
            String what = "'%s' (%s) is gone".formatted(path, column.type());
            (column.optional() ? compatible : incompatible)
                .add(column.optional() ? what : what + ", and was required");
          }
        });
  }

  /** The path of the file that was read; empty if there is none. */
  public String file() {
    return file;
  }

  /** Changes that a reader of both copes with. */
  public List<String> compatible() {
    return compatible;
  }

  /** Changes that a reader of both does not cope with. */
  public List<String> incompatible() {
    return incompatible;
  }
}
