// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.flinksec.avro.AvroReading;
import org.flinksec.avro.AvroWriting;

/**
 * The schema registry as tables use it, and what is to be asked of it before the job starts.
 *
 * @param settings see {@code RegistrySettings}; null where the job has none
 * @param naming of subjects, where a table says nothing
 * @param register whether schemas are registered that are missing
 * @param reading what tables read by it
 * @param writing what tables write by it
 */
record RegistryOfTables(
    Map<String, String> settings,
    String naming,
    boolean register,
    List<AvroReading> reading,
    List<AvroWriting> writing) {

  static RegistryOfTables none() {
    return of(null, "topic_name", false);
  }

  static RegistryOfTables of(Map<String, String> settings, String naming, boolean register) {
    return new RegistryOfTables(settings, naming, register, new ArrayList<>(), new ArrayList<>());
  }

  /** Forgets what is beyond these numbers. */
  void forget(int read, int written) {
    reading.subList(read, reading.size()).clear();
    writing.subList(written, writing.size()).clear();
  }
}
