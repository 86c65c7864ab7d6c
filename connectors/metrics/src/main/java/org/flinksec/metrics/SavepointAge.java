// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the newest savepoint was completed, by the files in their directory: so it is known after a
 * restart too, and a savepoint that somebody deletes counts no more.
 */
final class SavepointAge {
  private static final Logger LOG = LoggerFactory.getLogger(SavepointAge.class);
  private static final String METADATA = "_metadata";

  private final Path directory;
  private final Clock clock;
  private final Instant started;
  private volatile Instant newest;
  private boolean said;

  SavepointAge(String directory, Clock clock) {
    this.directory = new Path(directory);
    this.clock = clock;
    this.started = clock.instant();
  }

  /** Looks into the directory. */
  void look() {
    try {
      newest = newest(FileSystem.get(directory.toUri()));
      said = false;
    } catch (FileNotFoundException e) {
      newest = null; // nobody has taken one
    } catch (IOException e) {
      if (!said) {
        LOG.warn("savepoints cannot be looked for in {}: {}", directory, e.toString());
      }
      said = true;
    }
  }

  /** Since the newest; since this process has started, if there is none. */
  long seconds() {
    Instant since = newest == null ? started : newest;
    return Math.max(0, clock.instant().getEpochSecond() - since.getEpochSecond());
  }

  private Instant newest(FileSystem files) throws IOException {
    Instant found = null;
    FileStatus[] savepoints = files.exists(directory) ? files.listStatus(directory) : null;
    if (savepoints == null) {
      return null;
    }
    for (FileStatus savepoint : savepoints) {
      if (!savepoint.isDir()) {
        continue;
      }
      try {
        FileStatus metadata = files.getFileStatus(new Path(savepoint.getPath(), METADATA));
        Instant written = Instant.ofEpochMilli(metadata.getModificationTime());
        if (found == null || written.isAfter(found)) {
          found = written;
        }
      } catch (FileNotFoundException e) {
        continue; // it was never completed
      }
    }
    return found;
  }
}
