// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.flinksec.sealed.format.ChunkSealer;
import org.flinksec.sealed.format.Context;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.StoredName;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The vectors that the Python tests read too: each file byte for byte, each alteration. */
class VectorsTest {
  @TempDir Path dir;

  private final JsonNode vectors;
  private final Map<String, byte[]> sealed = new HashMap<>();

  VectorsTest() throws IOException {
    vectors = Checkout.json(Checkout.vectors());
  }

  @TestFactory
  Stream<DynamicTest> aFileIsMadeByteForByte() {
    List<String> names = new ArrayList<>();
    vectors.get("files").fieldNames().forEachRemaining(names::add);
    return names.stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () -> {
                      JsonNode file = vectors.get("files").get(name);
                      byte[] bytes = sealed(name);
                      assertThat(bytes).hasSize(file.get("file_length").intValue());
                      assertThat(MessageDigest.getInstance("SHA-256").digest(bytes))
                          .isEqualTo(hex(file.get("file_sha256")));
                    }));
  }

  @TestFactory
  Stream<DynamicTest> aNewFileGetsItsNameAndPolicy() {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode test : vectors.get("names")) {
      String path = test.get("path").textValue();
      String root = test.has("root") ? test.get("root").textValue() : null;
      String name = test.get("name").textValue();
      tests.add(
          DynamicTest.dynamicTest(
              path + (root == null ? "" : " below " + root),
              () -> {
                assertThat(StoredName.of(path, root)).isEqualTo(name);
                assertThat(StoredName.matches(path, name)).isTrue();
                assertThat(NamePolicy.of(path).name())
                    .isEqualToIgnoringCase(test.get("policy").textValue());
              }));
    }
    assertThat(tests).hasSizeGreaterThan(20);
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> eachAlterationGetsItsStatus() {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode test : vectors.get("cases")) {
      String title = test.get("file").textValue() + ": " + test.get("what").textValue();
      Path place = dir.resolve("case" + tests.size());
      tests.add(DynamicTest.dynamicTest(title, () -> check(test, place)));
    }
    assertThat(tests).hasSizeGreaterThan(150);
    return tests.stream();
  }

  private void check(JsonNode test, Path place) throws Exception {
    JsonNode file = vectors.get("files").get(test.get("file").textValue());
    JsonNode keys = test.has("ring") ? test.get("ring") : vectors.at("/defaults/ring");
    FileSystem fs = TestKeys.fileSystem(ring(place.resolve("ring"), keys));
    String name = (test.has("path") ? test : file).get(test.has("path") ? "path" : "name").asText();
    Path path = place.resolve("state").resolve(name);
    Files.createDirectories(path.getParent());
    byte[] altered = sealed(test.get("file").textValue());
    for (JsonNode change : test.get("change")) {
      altered = altered(altered, change);
    }
    Files.write(path, altered);

    String status = "whole";
    byte[] read = {};
    try (FSDataInputStream in = fs.open(TestKeys.sealed(path))) {
      read = in.readAllBytes();
    } catch (SealedFileException e) {
      status = e.reason().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      assertThat(e).hasMessageContaining(path.getFileName().toString());
    }
    assertThat(status).isEqualTo(test.get("status").textValue());
    if (status.equals("whole")) {
      assertThat(read).isEqualTo(plaintext(file.get("length").intValue()));
    }
  }

  private byte[] sealed(String name) throws IOException, GeneralSecurityException {
    byte[] known = sealed.get(name);
    if (known == null) {
      known = seal(vectors.get("files").get(name));
      sealed.put(name, known);
    }
    return known.clone();
  }

  private byte[] seal(JsonNode file) throws IOException, GeneralSecurityException {
    byte[] context =
        new Context(
                NamePolicy.valueOf(file.get("name_policy").textValue().toUpperCase(Locale.ROOT)),
                file.get("name").textValue(),
                hex(file.get("data_key_id")),
                hex(file.get("file_id")),
                file.get("created_at_ms").longValue())
            .toBytes();
    byte[] dataKey = hex(file.get("data_key"));
    byte[] salt = hex(file.get("salt"));
    Path ring = dir.resolve("writer");
    if (!Files.exists(ring)) {
      ring(ring, vectors.at("/defaults/ring"));
    }
    FileKeys keys = FileKeys.derive(dataKey, salt, context);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(
        Header.create(context, DirectoryKeyRing.open(ring).wrap(dataKey, TestKeys.ASSOCIATED)));
    out.write(salt);
    out.write(keys.commitment());
    byte[] plain = plaintext(file.get("length").intValue());
    byte[] chunk = new byte[Layout.SEALED_CHUNK];
    ByteBuffer sealed = ByteBuffer.wrap(chunk);
    ChunkSealer sealer = new ChunkSealer(keys);
    int done = 0;
    for (; plain.length - done >= Layout.CHUNK; done += Layout.CHUNK) {
      out.write(chunk, 0, sealer.seal(plain, done, sealed.clear()));
    }
    out.write(chunk, 0, sealer.sealLast(plain, done, plain.length - done, sealed.clear()));
    return out.toByteArray();
  }

  private byte[] altered(byte[] data, JsonNode change)
      throws IOException, GeneralSecurityException {
    String kind = change.get(0).textValue();
    return switch (kind) {
      case "truncate" -> Arrays.copyOf(data, change.get(1).intValue());
      case "append" -> joined(data, hex(change.get(1)));
      case "append_chunk" -> joined(data, chunk(change.get(1), change.get(2)));
      case "drop_chunk" -> {
        int start = (int) Layout.chunkOffset(change.get(1).intValue());
        byte[] rest = Arrays.copyOfRange(data, start + Layout.SEALED_CHUNK, data.length);
        yield joined(Arrays.copyOf(data, start), rest);
      }
      default -> overwritten(data, kind, change);
    };
  }

  private byte[] overwritten(byte[] data, String kind, JsonNode change)
      throws IOException, GeneralSecurityException {
    switch (kind) {
      case "xor" -> {
        byte[] mask = hex(change.get(2));
        for (int i = 0; i < mask.length; i++) {
          data[change.get(1).intValue() + i] ^= mask[i];
        }
      }
      case "replace" -> put(data, change.get(1).intValue(), hex(change.get(2)));
      case "take" -> {
        int start = change.get(2).intValue();
        byte[] other = sealed(change.get(1).textValue());
        put(data, start, Arrays.copyOfRange(other, start, start + change.get(3).intValue()));
      }
      case "copy_chunk" ->
          put(
              data,
              (int) Layout.chunkOffset(change.get(3).intValue()),
              chunk(change.get(1), change.get(2)));
      case "swap_chunks" -> {
        int one = (int) Layout.chunkOffset(change.get(1).intValue());
        int two = (int) Layout.chunkOffset(change.get(2).intValue());
        byte[] first = Arrays.copyOfRange(data, one, one + Layout.SEALED_CHUNK);
        byte[] second = Arrays.copyOfRange(data, two, two + Layout.SEALED_CHUNK);
        put(data, one, second);
        put(data, two, first);
      }
      default -> throw new AssertionError("unknown change " + kind);
    }
    return data;
  }

  private byte[] chunk(JsonNode file, JsonNode index) throws IOException, GeneralSecurityException {
    byte[] data = sealed(file.textValue());
    int start = (int) Layout.chunkOffset(index.intValue());
    return Arrays.copyOfRange(data, start, Math.min(data.length, start + Layout.SEALED_CHUNK));
  }

  private Path ring(Path directory, JsonNode keys) throws IOException {
    Files.createDirectories(directory);
    List<String> ids = new ArrayList<>();
    keys.fieldNames().forEachRemaining(ids::add);
    for (String id : ids) {
      byte[] key = hex(vectors.get("keys").get(keys.get(id).textValue()));
      TestKeys.addKey(directory, id, key);
    }
    return TestKeys.withPrimary(directory, ids.get(0));
  }

  private static byte[] plaintext(int length) {
    byte[] plain = new byte[length];
    for (int i = 0; i < length; i++) {
      plain[i] = (byte) (7 * i + i / 256);
    }
    return plain;
  }

  private static void put(byte[] data, int at, byte[] bytes) {
    System.arraycopy(bytes, 0, data, at, bytes.length);
  }

  private static byte[] joined(byte[] one, byte[] two) {
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    put(both, one.length, two);
    return both;
  }

  private static byte[] hex(JsonNode text) {
    return HexFormat.of().parseHex(text.textValue());
  }
}
