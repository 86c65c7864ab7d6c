// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.datastream.DataStream;

/** The streams of dead letters of tables, with the clusters that the records come from. */
final class LettersOfTables {
  final List<String> clusters = new ArrayList<>();
  final List<DataStream<byte[]>> streams = new ArrayList<>();

  void add(String cluster, DataStream<byte[]> stream) {
    clusters.add(cluster);
    streams.add(stream);
  }

  int count() {
    return streams.size();
  }

  /** Forgets those beyond a number. */
  void forget(int kept) {
    clusters.subList(kept, clusters.size()).clear();
    streams.subList(kept, streams.size()).clear();
  }
}
