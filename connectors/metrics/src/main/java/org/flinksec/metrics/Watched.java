// SPDX-License-Identifier: Apache-2.0
package org.flinksec.metrics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a process is to watch, as `flinksec_jobs/monitoring/watched.py` writes it: a line for each,
 * its parts between tabs.
 *
 * @param certificates files of certificates
 * @param logins by which the job is somebody
 * @param savepoints the directory of savepoints; empty if there is none
 */
record Watched(List<Certificates> certificates, List<Login> logins, String savepoints) {

  /**
   * A file of certificates.
   *
   * @param setting that names it
   * @param trusted whether it holds those that are trusted, of which one that is valid will do
   * @param file PEM, PKCS#12 or JKS
   * @param password the file of its password; null if it has none
   */
  record Certificates(String setting, boolean trusted, Path file, Path password) {}

  /**
   * A login to Kerberos.
   *
   * @param section of the settings
   * @param principal who
   * @param keytab whether the file is a keytab, and not a cache of tickets
   * @param file of the keys or tickets
   */
  record Login(String section, String principal, boolean keytab, Path file) {}

  /**
   * Reads the option.
   *
   * @throws IllegalArgumentException if a line is of no kind that there is
   */
  static Watched of(String text) {
    List<Certificates> certificates = new ArrayList<>();
    List<Login> logins = new ArrayList<>();
    String savepoints = "";
    for (String line : text.lines().toList()) {
      String[] parts = line.split("\t", -1);
      switch (parts[0]) {
        case "own", "trusted" ->
            certificates.add(
                new Certificates(
                    parts[1],
                    parts[0].equals("trusted"),
                    Path.of(parts[2]),
                    parts[3].isEmpty() ? null : Path.of(parts[3])));
        case "keytab", "tickets" ->
            logins.add(new Login(parts[1], parts[2], parts[0].equals("keytab"), Path.of(parts[3])));
        case "savepoints" -> savepoints = parts[1];
        default -> throw new IllegalArgumentException("nothing is watched as " + parts[0]);
      }
    }
    return new Watched(List.copyOf(certificates), List.copyOf(logins), savepoints);
  }
}
