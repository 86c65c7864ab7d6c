// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory a process has. */
final class ProcessMemory {
  private static final String RESIDENT = "VmRSS:";

  private ProcessMemory() {}

  /** The bytes of it that are in the machine's memory; 0 of a process that has ended. */
  static long of(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith(RESIDENT)) {
          String kilobytes = line.substring(RESIDENT.length()).replace("kB", "").trim();
          return Long.parseLong(kilobytes) << 10;
        }
      }
    } catch (IOException ended) {
      return 0;
    }
    return 0; // of one that has ended, and is not asked for how
  }
}
