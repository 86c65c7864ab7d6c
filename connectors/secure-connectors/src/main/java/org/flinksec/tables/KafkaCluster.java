// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * How tables reach one Kafka cluster.
 *
 * @param clients properties of clients that read, by Kafka's names; secrets by reference only
 * @param producers properties of clients that write
 * @param groupId the consumer group of the job
 * @param transactionalIds what the transactional ids of one sink begin with, up to its number; in
 *     the place of the topic is {@link #TOPIC}
 * @param naming {@code incrementing} or {@code pooling}
 * @param onLost what follows when a transaction is lost
 */
record KafkaCluster(
    Map<String, String> clients,
    Map<String, String> producers,
    String groupId,
    String transactionalIds,
    String naming,
    String onLost) {
  /** What is in no name of a job, nor in any other. */
  static final String TOPIC = "\0";

  // What names of topics have; of patterns and lists all else is written as in a URL.
  private static final String IN_NAMES =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

  KafkaCluster {
    clients = Map.copyOf(clients);
    producers = Map.copyOf(producers);
  }

  /**
   * What the transactional ids of a sink begin with. No other sink has the same, those of streams
   * neither, whose numbers follow the hash; and none begins with another.
   *
   * @param topics as the table names them
   * @param number which of the job's sinks to these topics it is, from 1
   */
  String transactionalIds(String topics, int number) {
    StringBuilder name = new StringBuilder();
    for (byte character : topics.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = IN_NAMES.indexOf(character) >= 0;
      name.append(plain ? Character.toString(character) : "%%%02X".formatted(character));
    }
    String first = transactionalIds.substring(0, transactionalIds.length() - 1);
    return "%s#sql%d:".formatted(first.replace(TOPIC, name), number);
  }
}
