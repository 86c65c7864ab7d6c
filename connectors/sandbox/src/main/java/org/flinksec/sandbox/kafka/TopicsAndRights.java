// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourcePatternFilter;
import org.apache.kafka.common.resource.ResourceType;
import org.flinksec.sandbox.Conversation;

/** Makes topics, and gives a principal the rights that a job needs on them, and no more. */
final class TopicsAndRights {
  private static final long PATIENCE_SECONDS = 60;

  private TopicsAndRights() {}

  static void create(Properties client, List<String> arguments, Conversation.Told told)
      throws Exception {
    String principal = "User:" + arguments.get(0);
    String prefix = arguments.get(1);
    List<NewTopic> topics =
        arguments.subList(2, arguments.size()).stream().map(TopicsAndRights::topic).toList();
    try (Admin admin = Admin.create(client)) {
      for (NewTopic topic : topics) {
        told.line(createUnlessThere(admin, topic) ? "new" : "there");
      }
      List<AclBinding> rights = rights(principal, prefix, topics);
      admin.createAcls(rights).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      awaitRights(admin, rights);
    }
  }

  static void revoke(Properties client, String principal, String topic) throws Exception {
    AclBindingFilter all =
        new AclBindingFilter(
            new ResourcePatternFilter(ResourceType.TOPIC, topic, PatternType.LITERAL),
            new AccessControlEntryFilter(
                "User:" + principal, null, AclOperation.ANY, AclPermissionType.ANY));
    try (Admin admin = Admin.create(client)) {
      admin.deleteAcls(List.of(all)).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  private static NewTopic topic(String text) {
    int equals = text.lastIndexOf('=');
    int partitions = Integer.parseInt(text.substring(equals + 1));
    return new NewTopic(text.substring(0, equals), partitions, (short) 1);
  }

  private static boolean createUnlessThere(Admin admin, NewTopic topic)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      admin.createTopics(List.of(topic)).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException error) {
      if (!(error.getCause() instanceof TopicExistsException)) {
        throw error;
      }
      return false;
    }
  }

  static void list(Properties client, Conversation.Told told) throws Exception {
    try (Admin admin = Admin.create(client)) {
      Set<String> names = admin.listTopics().names().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      Map<String, TopicDescription> topics =
          admin.describeTopics(names).allTopicNames().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      for (String name : new TreeSet<>(names)) {
        List<TopicPartition> partitions =
            topics.get(name).partitions().stream()
                .map(partition -> new TopicPartition(name, partition.partition()))
                .toList();
        long records =
            offsets(admin, partitions, OffsetSpec.latest())
                - offsets(admin, partitions, OffsetSpec.earliest());
        told.line(name + "\t" + partitions.size() + "\t" + records);
      }
    }
  }

  private static long offsets(Admin admin, List<TopicPartition> partitions, OffsetSpec which)
      throws Exception {
    Map<TopicPartition, OffsetSpec> asked =
        partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> which));
    return admin.listOffsets(asked).all().get(PATIENCE_SECONDS, TimeUnit.SECONDS).values().stream()
        .mapToLong(ListOffsetsResult.ListOffsetsResultInfo::offset)
        .sum();
  }

  private static List<AclBinding> rights(
      String principal, String prefix, Collection<NewTopic> topics) {
    List<AclBinding> rights = new ArrayList<>();
    for (NewTopic topic : topics) {
      ResourcePattern pattern =
          new ResourcePattern(ResourceType.TOPIC, topic.name(), PatternType.LITERAL);
      rights.add(allow(principal, pattern, AclOperation.READ));
      rights.add(allow(principal, pattern, AclOperation.WRITE));
      rights.add(allow(principal, pattern, AclOperation.DESCRIBE));
    }
    rights.add(allow(principal, prefixed(ResourceType.GROUP, prefix), AclOperation.READ));
    ResourcePattern transactions = prefixed(ResourceType.TRANSACTIONAL_ID, prefix);
    rights.add(allow(principal, transactions, AclOperation.WRITE));
    rights.add(allow(principal, transactions, AclOperation.DESCRIBE));
    return rights;
  }

  private static ResourcePattern prefixed(ResourceType type, String prefix) {
    return new ResourcePattern(type, prefix, PatternType.PREFIXED);
  }

  private static AclBinding allow(
      String principal, ResourcePattern pattern, AclOperation operation) {
    return new AclBinding(
        pattern, new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
  }

  /** The broker acknowledges rights before it applies them. */
  private static void awaitRights(Admin admin, List<AclBinding> rights) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!new HashSet<>(
            admin
                .describeAcls(AclBindingFilter.ANY)
                .values()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .containsAll(rights)) {
      if (System.nanoTime() > end) {
        throw new TimeoutException("the broker does not apply the ACLs that it took");
      }
      Thread.sleep(20);
    }
  }
}
