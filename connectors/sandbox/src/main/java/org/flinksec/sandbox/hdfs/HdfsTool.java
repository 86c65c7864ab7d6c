// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.hdfs;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Comparator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.UserGroupInformation;
import org.flinksec.sandbox.Answers;

/**
 * Looks into HDFS: {@code PRINCIPAL KEYTAB COMMAND PATH}, configured by the files on the class
 * path.
 *
 * <p>{@code -} for the principal: without a ticket. {@code ls} prints the files below the path,
 * {@code cat} the contents of the finished ones, those whose names start with neither dot nor
 * underscore. {@code get} copies these to the directory that is named behind the path, below which
 * they have the same places; where there is nothing, nothing is copied.
 */
public final class HdfsTool {
  private static final int BUFFER = 1 << 16;

  private HdfsTool() {}

  /** Runs one command. */
  public static void main(String[] arguments) {
    Answers.exitAfter(
        () -> {
          Configuration configuration = new Configuration();
          UserGroupInformation.setConfiguration(configuration);
          if (!arguments[0].equals("-")) {
            UserGroupInformation.loginUserFromKeytab(arguments[0], arguments[1]);
          }
          Path path = new Path(arguments[3]);
          try (FileSystem hdfs = path.getFileSystem(configuration);
              OutputStream out = new BufferedOutputStream(System.out, BUFFER)) {
            switch (arguments[2]) {
              case "ls" -> list(hdfs, path, out);
              case "cat" -> cat(hdfs, path, out);
              case "get" -> get(hdfs, path, java.nio.file.Path.of(arguments[4]));
              default -> throw new IllegalArgumentException("no such command: " + arguments[2]);
            }
          }
          return null;
        });
  }

  private static void list(FileSystem hdfs, Path directory, OutputStream out) throws IOException {
    for (FileStatus status : sorted(hdfs, directory)) {
      if (status.isDirectory()) {
        list(hdfs, status.getPath(), out);
      } else {
        out.write((status.getPath().toUri().getPath() + "\n").getBytes());
      }
    }
  }

  private static void cat(FileSystem hdfs, Path directory, OutputStream out) throws IOException {
    for (FileStatus status : sorted(hdfs, directory)) {
      String name = status.getPath().getName();
      if (name.startsWith(".") || name.startsWith("_")) {
        continue;
      }
      if (status.isDirectory()) {
        cat(hdfs, status.getPath(), out);
      } else {
        try (InputStream in = hdfs.open(status.getPath(), BUFFER)) {
          in.transferTo(out);
        }
      }
    }
  }

  private static void get(FileSystem hdfs, Path directory, java.nio.file.Path target)
      throws IOException {
    if (!hdfs.exists(directory)) {
      return;
    }
    Files.createDirectories(target);
    for (FileStatus status : sorted(hdfs, directory)) {
      String name = status.getPath().getName();
      if (name.startsWith(".") || name.startsWith("_")) {
        continue;
      }
      if (status.isDirectory()) {
        get(hdfs, status.getPath(), target.resolve(name));
      } else {
        try (InputStream in = hdfs.open(status.getPath(), BUFFER)) {
          Files.copy(in, target.resolve(name));
        }
      }
    }
  }

  private static FileStatus[] sorted(FileSystem hdfs, Path directory) throws IOException {
    FileStatus[] statuses = hdfs.listStatus(directory);
    Arrays.sort(statuses, Comparator.comparing(FileStatus::getPath));
    return statuses;
  }
}
