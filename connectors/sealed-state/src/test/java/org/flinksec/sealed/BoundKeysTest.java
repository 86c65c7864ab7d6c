// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.KeySlot;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.AssociatedData;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.FileUnlocker;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What a provider that binds associated data refuses, and one that binds none does not. */
class BoundKeysTest {
  private static final String DATA_KEY_ID = "0f".repeat(16);
  private static final AssociatedData OWN = new AssociatedData(1, DATA_KEY_ID, "flight-delays");
  private static final byte[] DATA_KEY = TestKeys.data(32);

  @TempDir Path dir;

  private final BoundKeys keys = new BoundKeys("s1", TestKeys.data(32));

  @Test
  void aDataKeyIsUnwrappedForWhatItWasWrappedForAndForNothingElse() throws Exception {
    WrappedKey wrapped = keys.wrap(DATA_KEY, OWN);
    assertThat(keys.unwrap(wrapped, OWN)).isEqualTo(DATA_KEY);
    for (AssociatedData other :
        List.of(
            new AssociatedData(2, DATA_KEY_ID, "flight-delays"),
            new AssociatedData(1, "0e" + DATA_KEY_ID.substring(2), "flight-delays"),
            new AssociatedData(1, DATA_KEY_ID, "other-job"),
            new AssociatedData(1, DATA_KEY_ID, ""))) {
      // Also right after it was unwrapped, and is remembered.
      assertThatThrownBy(() -> keys.unwrap(wrapped, other))
          .as(other.toString())
          .isExactlyInstanceOf(KeyException.class);
    }
  }

  @Test
  void aProviderIsAskedOnceForEachDataKey() throws Exception {
    WrappedKey wrapped = keys.wrap(DATA_KEY, OWN);
    keys.unwrap(wrapped, OWN)[0]++;
    assertThat(keys.unwrap(wrapped, OWN)).isEqualTo(DATA_KEY);
    assertThat(keys.asked).isOne();
  }

  @Test
  void aFileSaysForWhichJobItsDataKeyIsAndEveryProcessOpensIt() throws Exception {
    byte[] file = sealed(keys, "flight-delays");
    KeySlot slot = Header.parse(file, file.length).slots().get(0);
    assertThat(slot.key().algorithm()).isEqualTo(BoundKeys.ALGORITHM);
    assertThat(slot.key().job()).isEqualTo("flight-delays");
    unlock(file, new BoundKeys("s1", TestKeys.data(32)));
  }

  @Test
  void theSlotOfAnotherFileIsRefusedEvenIfItHoldsTheSameDataKey() throws Exception {
    byte[] file = sealed(keys, "flight-delays");
    Header header = Header.parse(file, file.length);
    WrappedKey own = header.slots().get(0).key();
    byte[] dataKey = keys.unwrap(own, AssociatedData.of(header.context(), own));
    assertThatThrownBy(() -> unlock(with(file, keys.wrap(dataKey, OWN)), keys))
        .isInstanceOf(SealedFileException.class)
        .hasMessageContaining("wrapped for something else");
    // AES-KWP binds nothing: only the commitment, which this data key gives, tells files apart.
    KeyProvider ring = DirectoryKeyRing.open(TestKeys.ring(dir, "k1", 1));
    unlock(with(file, ring.wrap(dataKey, OWN)), ring);
  }

  @TestFactory
  Stream<DynamicTest> javaSaysOfEachSlotWhatItsVectorSays() throws IOException {
    JsonNode files = Checkout.json(Checkout.vectors()).get("files");
    StringBuilder small = new StringBuilder();
    files.get("small").get("file_hex").forEach(line -> small.append(line.textValue()));
    byte[] file = HexFormat.of().parseHex(small);
    JsonNode vectors = Checkout.json(Checkout.vectors().resolveSibling("bound-slots.json"));
    KeyProvider service =
        new BoundKeys(
            vectors.get("key_id").textValue(),
            HexFormat.of().parseHex(vectors.get("key").textValue()));
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode test : vectors.get("cases")) {
      tests.add(
          DynamicTest.dynamicTest(
              test.get("comment").textValue(), () -> check(file.clone(), test, service)));
    }
    return tests.stream();
  }

  @Test
  void ofTwoProvidersTheOneWhoseKeyIsNamedSeals() throws Exception {
    KeyProviders kinds =
        new KeyProviders(List.of(new DirectoryKeyRing.Factory(), new BoundKeys.Factory()));
    Path ring = TestKeys.ring(dir, "k1", 1);
    Configuration config = new Configuration().set(DirectoryKeyRing.KEYS, ring.toString());
    assertThat(kinds.open(config).orElseThrow().primaryId()).isEqualTo("k1");
    config.set(BoundKeys.KEY, "s1");
    KeyProvider both = kinds.open(config).orElseThrow();
    assertThat(both.primaryId()).isEqualTo("s1");
    assertThat(both.keyIds()).containsExactlyInAnyOrder("k1", "s1");
    assertThat(kinds.whatToSet())
        .isEqualTo(
            "flinksec.sealed.keys to a key ring's directory, or flinksec.sealed.bound.key to a key");
    assertThat(kinds.open(new Configuration())).isEmpty();
  }

  @Test
  void twoKeysForNewFilesAreRefused() {
    KeyProviders twice =
        new KeyProviders(List.of(new BoundKeys.Factory(), new BoundKeys.Factory()));
    assertThatThrownBy(() -> twice.open(new Configuration().set(BoundKeys.KEY, "s1")))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("both name a key that seals new files");
  }

  @Test
  void aJobThatNoSlotCanHoldIsRefusedAtStart() throws Exception {
    KeyProviders kinds = new KeyProviders();
    assertThat(kinds.job(new Configuration())).isEmpty();
    assertThat(kinds.job(new Configuration().set(SealedOptions.JOB, "flight-delays")))
        .isEqualTo("flight-delays");
    for (String job : List.of("j".repeat(81), "flight delays", "flight/delays", "flüge")) {
      assertThatThrownBy(() -> kinds.job(new Configuration().set(SealedOptions.JOB, job)))
          .isInstanceOf(KeyException.class)
          .hasMessageStartingWith("flinksec.sealed.job: a job is bound by up to 80 letters");
    }
  }

  private static void check(byte[] file, JsonNode test, KeyProvider service) throws IOException {
    byte[] slot = HexFormat.of().parseHex(test.get("slot").textValue());
    System.arraycopy(slot, 0, file, Layout.CONTEXT, Layout.SLOT);
    String said = "whole";
    try {
      unlock(file, service);
    } catch (SealedFileException e) {
      said = e.reason().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    }
    assertThat(said).isEqualTo(test.get("expect").textValue());
    if (test.has("associated")) {
      Header header = Header.parse(file, file.length);
      KeySlot parsed = header.slots().get(0);
      assertThat(parsed.toBytes()).isEqualTo(slot);
      assertThat(parsed.key().job()).isEqualTo(test.get("job").textValue());
      assertThat(AssociatedData.of(header.context(), parsed.key()).toBytes())
          .isEqualTo(HexFormat.of().parseHex(test.get("associated").textValue()));
    }
  }

  private static byte[] sealed(KeyProvider keys, String job) throws IOException {
    Sealing sealing = new Sealing(keys, job, null, NamePolicy.ENFORCE);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new SealedOutputStream(
            FileTarget.of(new MemoryOutputStream(bytes)), sealing, "/state/f", () -> {})
        .close();
    return bytes.toByteArray();
  }

  private static byte[] with(byte[] file, WrappedKey key) {
    byte[] changed = file.clone();
    System.arraycopy(new KeySlot(1, key).toBytes(), 0, changed, Layout.CONTEXT, Layout.SLOT);
    return changed;
  }

  private static void unlock(byte[] file, KeyProvider keys) throws IOException {
    int commitment = Layout.HEADER + Layout.SALT;
    new FileUnlocker(keys)
        .unlock(
            Header.parse(file, file.length),
            Arrays.copyOfRange(file, Layout.HEADER, commitment),
            Arrays.copyOfRange(file, commitment, Layout.PREFIX));
  }
}
