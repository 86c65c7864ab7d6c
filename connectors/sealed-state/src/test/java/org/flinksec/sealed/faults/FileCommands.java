// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;

/**
 * Does with sealed files what a test says, a command a line, and answers {@code ok} or {@code
 * error} with the reason. The tests in {@code tests/faults} run it on volumes with faults.
 *
 * <p>Argument: the key ring. A file's contents are its name and a line feed, again and again.
 */
public final class FileCommands {
  private static final int PIECE = 64 * 1024;

  private FSDataInputStream opened;

  private FileCommands() {}

  /** Reads commands until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    Plugin.load(arguments[0]);
    FileCommands commands = new FileCommands();
    System.out.println("ready");
    try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        System.out.println(commands.answer(line.split(" ")));
        System.out.flush();
      }
    }
  }

  private String answer(String[] words) {
    try {
      return "ok " + String.join(" ", words) + " " + run(words);
    } catch (Exception e) {
      StringBuilder reasons = new StringBuilder();
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        reasons.append(": ").append(cause);
      }
      return "error " + String.join(" ", words) + reasons.toString().replace('\n', ' ');
    }
  }

  private String run(String[] words) throws IOException, GeneralSecurityException {
    Path path = words.length > 1 ? Plugin.sealed(words[1]) : null;
    FileSystem fs = Plugin.sealed("/").getFileSystem();
    switch (words[0]) {
      case "write":
        write(fs, path, Integer.parseInt(words[2]));
        return "";
      case "digest":
        try (FSDataInputStream in = fs.open(path)) {
          return digest(in);
        }
      case "open":
        opened = fs.open(path);
        return "";
      case "read-opened":
        opened.seek(Long.parseLong(words[1]));
        return String.valueOf(opened.read(new byte[100], 0, 100));
      case "close-opened":
        opened.close();
        return "";
      case "mkdirs":
        return String.valueOf(fs.mkdirs(path));
      case "rename":
        return String.valueOf(fs.rename(path, Plugin.sealed(words[2])));
      case "exists":
        return String.valueOf(fs.exists(path));
      case "list":
        FileStatus[] statuses = fs.listStatus(path);
        return statuses == null ? "nothing" : String.valueOf(statuses.length);
      case "delete":
        return String.valueOf(fs.delete(path, true));
      default:
        throw new IllegalArgumentException("no command");
    }
  }

  private static void write(FileSystem fs, Path path, int size) throws IOException {
    byte[] line = (path.getName() + "\n").getBytes(StandardCharsets.UTF_8);
    byte[] content = new byte[size];
    for (int i = 0; i < size; i++) {
      content[i] = line[i % line.length];
    }
    // Not a try with resources: that would report a failed close after a failed write only.
    FSDataOutputStream out = fs.create(path, WriteMode.NO_OVERWRITE);
    try {
      for (int done = 0; done < size; done += PIECE) {
        out.write(content, done, Math.min(PIECE, size - done));
      }
    } catch (IOException e) {
      closeAfter(e, out);
      throw e;
    }
    try {
      out.close();
    } catch (IOException e) {
      throw new IOException("at close", e);
    }
  }

  private static void closeAfter(IOException failure, FSDataOutputStream out) {
    try {
      out.close();
      throw new AssertionError("close() went well after a failed write", failure);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static String digest(FSDataInputStream in) throws IOException, GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] piece = new byte[PIECE];
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      digest.update(piece, 0, count);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
