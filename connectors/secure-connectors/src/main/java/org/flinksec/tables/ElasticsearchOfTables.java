// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.Map;
import org.apache.flink.table.api.ValidationException;
import org.flinksec.badrecords.LetterPolicy;

/**
 * Elasticsearch as tables use it.
 *
 * @param settings of the connection and its limits; null where the job has none
 * @param mostSkipped how many documents may be left out in a row; 0 for any number
 * @param indexed how many dead letters there may be that go to an index
 * @param letters where others go; null where the job has no topic for them
 * @param producers properties of a producer that writes them, by the names of Kafka's clusters
 */
record ElasticsearchOfTables(
    Map<String, String> settings,
    int mostSkipped,
    LetterPolicy indexed,
    LetterPolicy letters,
    Map<String, Map<String, String>> producers) {

  static ElasticsearchOfTables none() {
    return new ElasticsearchOfTables(null, 0, null, null, Map.of());
  }

  ElasticsearchOfTables with(Map<String, String> connection, int skipped, LetterPolicy policy) {
    return new ElasticsearchOfTables(connection, skipped, policy, letters, producers);
  }

  ElasticsearchOfTables with(LetterPolicy policy, Map<String, Map<String, String>> clusters) {
    return new ElasticsearchOfTables(settings, mostSkipped, indexed, policy, clusters);
  }

  /** How many dead letters there may be in an index, and which. */
  LetterPolicy inIndex(String index) {
    return LetterPolicy.ofIndex(indexed.job(), index, indexed.most(), indexed.windowMillis());
  }

  /**
   * The properties of a producer that writes dead letters.
   *
   * @param cluster the name of one of Kafka; empty for that of {@code [kafka]}
   * @throws ValidationException if the settings have no topic for them, or not the cluster
   */
  Map<String, String> producer(String cluster) {
    if (letters == null) {
      throw new ValidationException(
          "'on-error' = 'dead_letter', and there is neither 'dead-letter-index' nor, in the"
              + " settings, a topic job.dead_letters");
    }
    Map<String, String> found = producers.get(cluster);
    if (found == null) {
      throw new ValidationException(
          "dead letters go to Kafka, and the settings have no section [kafka%s]"
              .formatted(cluster.isEmpty() ? "" : "." + cluster));
    }
    return found;
  }
}
