// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.logins;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A directory of secrets of clients: {@code USER.password}, {@code CLIENT.client-secret}. */
record Passwords(Path directory) {
  static final String OF_USER = ".password";
  static final String OF_CLIENT = ".client-secret";

  /** The passwords of all users, by their names. */
  Map<String, String> all() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> listed =
          files.filter(file -> file.getFileName().toString().endsWith(OF_USER)).toList();
      for (Path file : listed) {
        String name = file.getFileName().toString();
        found.put(
            name.substring(0, name.length() - OF_USER.length()),
            Files.readString(file).stripTrailing());
      }
    }
    return found;
  }

  /** Whether a secret is the one that its file holds now. */
  boolean fits(String name, String kind, String given) throws IOException {
    if (!name.matches("[A-Za-z0-9-]{1,64}")) {
      return false;
    }
    Path file = directory.resolve(name + kind);
    return Files.isRegularFile(file)
        && MessageDigest.isEqual(
            Files.readString(file).stripTrailing().getBytes(StandardCharsets.UTF_8),
            given.getBytes(StandardCharsets.UTF_8));
  }
}
