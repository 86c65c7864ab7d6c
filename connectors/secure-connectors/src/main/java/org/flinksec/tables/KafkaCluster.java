// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.Map;

/**
 * How tables reach one Kafka cluster.
 *
 * @param clients properties of clients that read, by Kafka's names; secrets by reference only
 * @param producers properties of clients that write
 * @param groupId the consumer group of the job
 * @param transactionalIds what the transactional ids of the job begin with
 */
record KafkaCluster(
    Map<String, String> clients,
    Map<String, String> producers,
    String groupId,
    String transactionalIds) {
  KafkaCluster {
    clients = Map.copyOf(clients);
    producers = Map.copyOf(producers);
  }
}
