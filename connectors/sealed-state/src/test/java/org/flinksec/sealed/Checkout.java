// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Where the checkout keeps what both languages read. */
final class Checkout {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().resolve("../..").normalize();

  private Checkout() {}

  static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  static Path vectors() {
    return ROOT.resolve("tests/vectors/sealed-files.json");
  }

  /** The Python of the checkout's environment, which make setup makes. */
  static Path python() {
    return found(ROOT.resolve(".venv/bin/python"));
  }

  /** A file of the package cryptography_vectors. */
  static Path cryptographyVectors(String name) throws IOException {
    try (Stream<Path> versions = Files.list(found(ROOT.resolve(".venv/lib")))) {
      List<Path> files =
          versions
              .map(version -> version.resolve("site-packages/cryptography_vectors").resolve(name))
              .filter(Files::exists)
              .toList();
      return files.isEmpty() ? found(ROOT.resolve(name)) : files.get(0);
    }
  }

  private static Path found(Path path) {
    if (!Files.exists(path)) {
      throw new AssertionError(path + " is missing: run make setup");
    }
    return path;
  }
}
