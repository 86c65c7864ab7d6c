// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Properties;
import java.util.function.Supplier;

/** The accepted values of the header {@code Authorization}, out of a file that may change. */
final class Accepted implements Supplier<List<String>> {
  private final Path file;
  private FileTime read;
  private List<String> values;

  Accepted(Path file) throws IOException {
    this.file = file;
    get();
  }

  @Override
  public synchronized List<String> get() {
    try {
      FileTime changed = Files.getLastModifiedTime(file);
      if (!changed.equals(read)) {
        Properties settings = Elasticsearch.read(file);
        values =
            settings.stringPropertyNames().stream()
                .filter(name -> name.startsWith("authorization."))
                .map(settings::getProperty)
                .toList();
        read = changed;
      }
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
