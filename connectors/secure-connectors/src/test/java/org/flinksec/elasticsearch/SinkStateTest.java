// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.Original;
import org.flinksec.elasticsearch.DocumentRequest.Address;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is in checkpoints of the sink, byte by byte: a later release reads what this one wrote. */
@Timeout(300)
class SinkStateTest extends SinkAgainstAFake {
  private static final String FIRST =
      "ffffffffffffffff000000020000000000000028010003c3bc22000000137b226964223a22c3bc5c2222"
          + "2c226e223a317d000000000000001f00000000077b226e223a327d";
  private static final String SECOND =
      "ffffffffffffffff0000000200000000000000230400000009666c69676874732d3100000002c3bc0000"
          + "0001720000000001000000000000000700000000000000002000ffffffff0000000161ffffffff000000"
          + "077b226e223a317d00000000000000000001000000017400000003000000000000002a00000000000000"
          + "05ffffffff00000001760000000100000001680000000178";
  private static final String THIRD =
      "ffffffffffffffff0000000300000000000000230400000009666c69676874732d3100000002c3bc0000"
          + "000172000000000100000000000000070000000000000000002000ffffffff0000000161ffffffff0000"
          + "00077b226e223a317d00000000000000000001000000017400000003000000000000002a000000000000"
          + "0005ffffffff000000017600000001000000016800000001780000000000000000290100000004646561"
          + "64ffffffffffffffff0000000d7b22726561736f6e223a22227d0000000000000000000001";

  private final DocumentRequestSerializer serializer = new DocumentRequestSerializer();

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  @Test
  void theStateOfTheFirstVersionIsReadAndDelivered() throws Exception {
    try (var writer = writer(List.of(serializer.deserialize(1, bytes(FIRST))))) {
      writer.flush(true);
    }
    assertThat(elasticsearch.requests().get(0))
        .containsExactly(
            new Operation("index", "ü\"", "{\"id\":\"ü\\\"\",\"n\":1}"),
            new Operation("create", null, "{\"n\":2}"));
  }

  @Test
  void theStateOfTheSecondVersionIsReadAndDelivered() throws Exception {
    try (var writer = writer(List.of(serializer.deserialize(2, bytes(SECOND))))) {
      writer.flush(true);
    }
    assertThat(elasticsearch.requests().get(0))
        .containsExactly(
            new Operation("delete", "ü", null), new Operation("index", "a", "{\"n\":1}"));
  }

  @Test
  void theBytesOfThePresentVersionAreAsTheyWereAndMeanTheSame() throws Exception {
    assertThat(HexFormat.of().formatHex(serializer.serialize(present()))).isEqualTo(THIRD);
    List<RequestEntryWrapper<DocumentRequest>> read =
        serializer.deserialize(3, bytes(THIRD)).getBufferedRequestEntries();
    assertThat(read)
        .extracting(entry -> entry.getRequestEntry().address())
        .containsExactly(
            new Address(org.flinksec.elasticsearch.Operation.DELETE, "flights-1", "ü", "r", 7L),
            new Address(org.flinksec.elasticsearch.Operation.INDEX, null, "a", null, null),
            new Address(org.flinksec.elasticsearch.Operation.CREATE, "dead", null, null, null));
    assertThat(read)
        .extracting(entry -> new String(entry.getRequestEntry().json(), StandardCharsets.UTF_8))
        .containsExactly("", "{\"n\":1}", "{\"reason\":\"\"}");
    assertThat(read)
        .extracting(entry -> entry.getRequestEntry().isLetter())
        .containsExactly(false, false, true);
    assertThat(read.get(1).getRequestEntry().original().offset()).isEqualTo(42);
  }

  private static BufferedRequestState<DocumentRequest> present() {
    Original record =
        new Original(
            "t",
            3,
            42,
            5,
            null,
            new byte[] {'v'},
            List.of(new Original.Header("h", new byte[] {'x'})));
    return new BufferedRequestState<>(
        List.of(
            entry(
                new DocumentRequest(
                    new Address(
                        org.flinksec.elasticsearch.Operation.DELETE, "flights-1", "ü", "r", 7L),
                    null)),
            entry(
                new DocumentRequest(
                        new Address(
                            org.flinksec.elasticsearch.Operation.INDEX, null, "a", null, null),
                        "{\"n\":1}".getBytes(StandardCharsets.UTF_8))
                    .madeOf(record)),
            entry(
                new DocumentRequest(
                        new Address(
                            org.flinksec.elasticsearch.Operation.CREATE, "dead", null, null, null),
                        "{\"reason\":\"\"}".getBytes(StandardCharsets.UTF_8))
                    .asLetter())));
  }

  private static RequestEntryWrapper<DocumentRequest> entry(DocumentRequest request) {
    return new RequestEntryWrapper<>(request, request.sizeInBytes());
  }

  @Test
  void theStateOfALaterReleaseIsRefusedByItsVersion() throws Exception {
    assertThatThrownBy(() -> serializer.deserialize(4, bytes(THIRD)))
        .hasMessage(
            "the state of the Elasticsearch sink has version 4; this release reads versions 1 to 3");
  }

  @Test
  void aDeadLetterThatIsNotInSurvivesAsOne() throws Exception {
    config.put("on_error", "dead_letter");
    config.put("dead_letter_index", "dead");
    elasticsearch.items(
        operation -> FakeElasticsearch.Answer.of(operation.meta().contains("dead") ? 503 : 400));
    List<BufferedRequestState<DocumentRequest>> states;
    try (var writer = writer()) {
      write(writer, Row.of("bad", 1L));
      writer.flush(false);
      states = writer.snapshotState(1);
    }
    byte[] state = serializer.serialize(states.get(0));
    elasticsearch.items(
        operation -> FakeElasticsearch.Answer.of(operation.meta().contains("dead") ? 201 : 500));
    try (var writer = writer(List.of(serializer.deserialize(3, state)))) {
      writer.flush(true);
      assertThat(writer.rejectedDocuments()).isZero(); // It was counted before.
    }
    assertThat(elasticsearch.documents().values())
        .singleElement()
        .asString()
        .contains("\"document\":\"{\\\"id\\\":\\\"bad\\\",\\\"n\\\":1}\"");
  }
}
