// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.flinksec.badrecords.DeadLetterException;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterBox;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.badrecords.Original;
import org.flinksec.choices.Choices;
import org.flinksec.elasticsearch.DocumentRequest.Address;

/**
 * Makes documents of dead letters, for an index that keeps them. They go out as all documents do:
 * tried again, part of checkpoints, and in before one completes.
 *
 * <p>The bad document is text in them, whatever it holds: it never contradicts the mapping. A
 * letter of a record of Kafka has an id, and is there once. It may be used by several threads.
 */
final class IndexLetters {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final LetterPolicy policy;
  private final LetterBox box;
  private final int maxBytes;

  /**
   * @param policy how many there may be, and of which job
   * @param metrics those of the sink
   * @param task the number of its parallel instance, from 0
   * @param maxBytes of one document
   */
  IndexLetters(LetterPolicy policy, MetricGroup metrics, int task, int maxBytes) {
    this.policy = policy;
    this.box = new LetterBox(policy, metrics, task);
    this.maxBytes = maxBytes;
  }

  /**
   * @param held the bad document, or what it was to be made of
   * @throws DeadLetterException if there are too many letters, or this one is too large
   */
  synchronized DocumentRequest of(Letter letter, byte[] held) throws DeadLetterException {
    box.take(letter);
    ObjectNode node = JSON.createObjectNode();
    node.put("@timestamp", Instant.now().toString());
    node.put("job", policy.job());
    node.put("stage", Choices.word(letter.stage()));
    node.put("index", letter.target());
    node.put("reason", letter.why());
    node.put("exception", letter.exception());
    Original record = letter.original();
    if (record != null) {
      node.put("topic", record.topic());
      node.put("partition", record.partition());
      node.put("offset", record.offset());
    }
    put(node, held);
    DocumentRequest made;
    try {
      made =
          new DocumentRequest(
                  new Address(
                      Operation.CREATE,
                      policy.index(),
                      record == null ? null : id(letter, held),
                      null,
                      null),
                  JSON.writeValueAsBytes(node))
              .asLetter();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a dead letter cannot be written as JSON");
    }
    if (made.sizeInBytes() > maxBytes) {
      throw new DeadLetterException(
          "a dead letter is too large for %s: it has %d bytes, and elasticsearch.max_batch_bytes is %d. It is about this: %s"
              .formatted(
                  policy.inWords(), made.sizeInBytes(), maxBytes, letter.badRecord().message()));
    }
    return made;
  }

  private static void put(ObjectNode node, byte[] held) {
    try {
      node.put(
          "document", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(held)).toString());
    } catch (CharacterCodingException e) {
      node.put("document_base64", Base64.getEncoder().encodeToString(held));
    }
  }

  private String id(Letter letter, byte[] held) {
    Original record = letter.original();
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String text :
          new String[] {
            policy.job(),
            letter.stage().name(),
            letter.target(),
            record.topic(),
            record.partition() + ":" + record.offset()
          }) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest(held));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every Java has it.
    }
  }
}
