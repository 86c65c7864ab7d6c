// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFactsTest {
  private static final OperatorID ID = new OperatorID(1, 2);
  private static final KeyGroupRange ALL = new KeyGroupRange(0, 127);

  @TempDir Path directory;

  private StreamStateHandle file(String name) throws IOException {
    Path path = Files.writeString(directory.resolve(name), name);
    return new FileStateHandle(new org.apache.flink.core.fs.Path(path.toUri()), name.length());
  }

  private String checkpoint(int number, OperatorSubtaskState subtask) throws IOException {
    OperatorState state = new OperatorState("count", "a", ID, 1, 128);
    state.putState(0, subtask);
    Path chk = Files.createDirectories(directory.resolve("chk-" + number));
    try (var out = new DataOutputStream(Files.newOutputStream(chk.resolve("_metadata")))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(number, List.of(state), List.of()), out);
    }
    return chk.toUri().toString().replaceAll("/$", "");
  }

  private static JsonNode read(String uri, boolean opensAll) throws IOException {
    ObjectNode facts = new ObjectMapper().createObjectNode();
    StateFacts.read(uri, facts, opensAll);
    return facts;
  }

  private OperatorSubtaskState incremental() throws IOException {
    var handle =
        new IncrementalRemoteKeyedStateHandle(
            UUID.randomUUID(),
            ALL,
            7,
            List.of(HandleAndLocalPath.of(file("shared"), "1.sst")),
            List.of(HandleAndLocalPath.of(file("private"), "2.sst")),
            file("meta"));
    return OperatorSubtaskState.builder().setManagedKeyedState(handle).build();
  }

  @Test
  void everyFileOfIncrementalStateIsNamedWithItsLength() throws Exception {
    JsonNode facts = read(checkpoint(7, incremental()), false);
    assertThat(facts.get("number").asLong()).isEqualTo(7);
    assertThat(facts.get("unknown")).isEmpty();
    assertThat(facts.get("files"))
        .extracting(
            one -> one.get("uri").asText().replaceAll(".*/", "") + one.get("bytes").asText())
        .containsExactlyInAnyOrder("meta4", "private7", "shared6");
    JsonNode operator = facts.get("operators").get(0);
    assertThat(operator.get("name").asText()).isEqualTo("count");
    assertThat(operator.get("uid").asText()).isEqualTo("a");
    assertThat(operator.get("id").asText()).isEqualTo(ID.toHexString());
    assertThat(operator.get("has_state").asBoolean()).isTrue();
  }

  @Test
  void openedAFileThatIsGoneOrOfAnotherLengthIsTold() throws Exception {
    String uri = checkpoint(7, incremental());
    assertThat(read(uri, true).get("files")).allMatch(one -> !one.hasNonNull("error"));
    Files.delete(directory.resolve("shared"));
    Files.writeString(directory.resolve("meta"), "longer");
    assertThat(read(uri, true).get("files"))
        .filteredOn(one -> one.hasNonNull("error"))
        .extracting(one -> one.get("uri").asText().replaceAll(".*/", ""))
        .containsExactlyInAnyOrder("shared", "meta");
  }

  @Test
  void whatLiesInTheMetadataItselfIsNoFile() throws Exception {
    var bytes = new ByteStreamStateHandle("x", new byte[] {1});
    var handle = new KeyGroupsStateHandle(new KeyGroupRangeOffsets(ALL, new long[128]), bytes);
    var subtask = OperatorSubtaskState.builder().setManagedKeyedState(handle).build();
    JsonNode facts = read(checkpoint(7, subtask), true);
    assertThat(facts.get("files")).isEmpty();
    assertThat(facts.get("unknown")).isEmpty();
    assertThat(facts.get("operators").get(0).get("bytes").asLong()).isPositive();
  }

  @Test
  void aCheckpointThatIsGoneHasTheNewestOfItsRunInItsPlace() throws Exception {
    String there = checkpoint(7, incremental());
    checkpoint(12, incremental());
    Files.createDirectories(directory.resolve("chk-13")); // not complete
    assertThat(StateFacts.newerThan(there)).isNull();
    String gone = there.replace("chk-7", "chk-6");
    Files.createDirectories(directory.resolve("chk-6")); // Flink is removing it
    assertThat(StateFacts.newerThan(gone)).endsWith("/chk-12");
    assertThat(StateFacts.newerThan(there.replace("chk-7", "savepoint-0a1b2c-0"))).isNull();
  }
}
