// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.InflaterInputStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.TestChunks;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Vectors by others for C2SP chunked encryption: pyca/cryptography's and Wycheproof's. */
class VectorsByOthersTest {

  /** What came of a bare message: where it failed, and the authentic bytes until then. */
  private record Opened(boolean header, boolean lastChunk, boolean whole, byte[] plain) {}

  @TestFactory
  Stream<DynamicTest> pycaCryptography() throws IOException {
    Path file = Checkout.cryptographyVectors("chunked-encryption/vectors.json");
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode vector : Checkout.json(file).get("vectors")) {
      if (vector.get("aead").textValue().equals("AEAD_AES_256_GCM")) {
        String name = vector.get("name").textValue();
        tests.add(DynamicTest.dynamicTest(name, () -> checkPyca(vector)));
      }
    }
    assertThat(tests).hasSize(34);
    return tests.stream();
  }

  /** They derive keys with HKDF-SHA-256. */
  private static void checkPyca(JsonNode vector) throws Exception {
    byte[] message = Base64.getDecoder().decode(vector.path("ciphertext").asText("").strip());
    if (vector.path("ciphertext").isNull()) {
      message = new byte[0];
    }
    if (vector.path("compressed").booleanValue()) {
      message = inflate(message);
    }
    byte[] key = HexFormat.of().parseHex(vector.get("key").textValue());
    byte[] context = vector.get("context").textValue().getBytes(UTF_8);
    Opened opened = open("HmacSHA256", message, key, context);
    assertThat(opened.whole()).isEqualTo(vector.get("expect").textValue().equals("success"));
    if (opened.whole()) {
      assertThat(opened.plain()).hasSize(vector.get("payload_length").intValue());
      assertThat(digest("SHA-256", opened.plain()))
          .isEqualTo(vector.get("payload_sha256").textValue());
    }
  }

  @TestFactory
  @EnabledIfEnvironmentVariable(named = "FLINKSEC_WYCHEPROOF", matches = ".+")
  Stream<DynamicTest> wycheproof() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode group :
        Checkout.json(Path.of(System.getenv("FLINKSEC_WYCHEPROOF"))).get("testGroups")) {
      for (JsonNode vector : group.get("tests")) {
        String name = vector.get("tcId").asText() + " " + vector.get("comment").textValue();
        tests.add(DynamicTest.dynamicTest(name, () -> checkWycheproof(vector)));
      }
    }
    assertThat(tests).hasSize(35);
    return tests.stream();
  }

  private static void checkWycheproof(JsonNode vector) throws Exception {
    byte[] message = inflate(HexFormat.of().parseHex(vector.get("ct").textValue()));
    byte[] key = HexFormat.of().parseHex(vector.get("key").textValue());
    byte[] context = HexFormat.of().parseHex(vector.get("ctx").textValue());
    List<String> flags = new ArrayList<>();
    vector.get("flags").forEach(flag -> flags.add(flag.textValue()));

    Opened opened = open("HmacSHA512", message, key, context);
    assertThat(opened.whole()).isEqualTo(vector.get("result").textValue().equals("valid"));
    if (!opened.whole()) {
      assertThat(opened.header()).isEqualTo(!flags.contains("HeaderFailure"));
      assertThat(opened.lastChunk()).isEqualTo(flags.contains("ValidFinalChunk"));
    }
    boolean prefix = flags.contains("PartialPlaintext") && flags.contains("ValidFinalChunk");
    if (opened.whole() || prefix) {
      assertThat(opened.plain()).hasSize(vector.get("msgLength").intValue());
      assertThat(digest("SHA-512", opened.plain())).isEqualTo(vector.get("msgSha512").textValue());
    }
  }

  /** Opens a bare message with the code that reads sealed files, where it follows a header. */
  private static Opened open(String hmac, byte[] message, byte[] key, byte[] context)
      throws IOException {
    byte[] none = {};
    int prefix = Layout.SALT + Layout.COMMITMENT;
    if (message.length < prefix) {
      return new Opened(false, false, false, none);
    }
    FileKeys keys;
    try {
      keys = TestChunks.derive(hmac, key, Arrays.copyOf(message, Layout.SALT), context);
    } catch (GeneralSecurityException e) {
      return new Opened(false, false, false, none);
    }
    if (!keys.matches(Arrays.copyOfRange(message, Layout.SALT, prefix))) {
      return new Opened(false, false, false, none);
    }
    byte[] file = new byte[Layout.HEADER + message.length];
    System.arraycopy(message, 0, file, Layout.HEADER, message.length);
    SealedInputStream in;
    try {
      in =
          SealedFileOpener.openPayload(
              "message", FileSource.of(new MemoryInputStream(file)), keys, file.length);
    } catch (SealedFileException e) {
      return new Opened(true, false, false, none);
    }
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    try (in) {
      byte[] buffer = new byte[Layout.CHUNK];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        plain.write(buffer, 0, count);
      }
    } catch (SealedFileException e) {
      assertThatThrownBy(in::read).isInstanceOf(IOException.class);
      return new Opened(true, true, false, plain.toByteArray());
    }
    return new Opened(true, true, true, plain.toByteArray());
  }

  private static byte[] inflate(byte[] compressed) throws IOException {
    return new InflaterInputStream(new ByteArrayInputStream(compressed)).readAllBytes();
  }

  private static String digest(String algorithm, byte[] bytes) throws GeneralSecurityException {
    return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
  }
}
