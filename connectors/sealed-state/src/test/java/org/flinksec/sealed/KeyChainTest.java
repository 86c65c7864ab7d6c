// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.AssociatedData;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.FileUnlocker;
import org.flinksec.sealed.keys.KeyChain;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyMissingException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeysUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several providers as one, and what a provider that does not answer says of a file: nothing. */
class KeyChainTest {
  /** A provider of another kind, whose service is down. */
  private record Down(String keyId) implements KeyProvider {
    @Override
    public String primaryId() {
      return keyId;
    }

    @Override
    public Set<String> keyIds() {
      return Set.of(keyId);
    }

    @Override
    public WrappedKey wrap(byte[] dataKey, AssociatedData associated) throws KeyException {
      throw new KeysUnavailableException("the service is down");
    }

    @Override
    public byte[] unwrap(WrappedKey wrapped, AssociatedData associated) throws KeyException {
      throw new KeysUnavailableException("the service is down");
    }

    @Override
    public String describe() {
      return "service";
    }
  }

  @TempDir Path dir;

  @Test
  void aProviderThatDoesNotAnswerMakesNoFileATamperedOne() throws Exception {
    byte[] file = sealed();
    assertThatThrownBy(() -> unlock(file, new Down("k1")))
        .isExactlyInstanceOf(KeysUnavailableException.class)
        .hasMessage("the service is down");
  }

  @Test
  void aProviderThatDoesNotAnswerHidesNoOther() throws Exception {
    byte[] file = sealed();
    unlock(file, new KeyChain(List.of(new Down("s1"), ring("ring", "k1", 1))));
    assertThatThrownBy(
            () -> unlock(file, new KeyChain(List.of(new Down("s1"), ring("other", "k2", 2)))))
        .isExactlyInstanceOf(KeysUnavailableException.class);
  }

  @Test
  void aKeyThatNoneHasIsMissingInAllOfThem() throws Exception {
    KeyProvider chain = new KeyChain(List.of(ring("a", "k2", 2), ring("b", "k3", 3)));
    assertThat(chain.primaryId()).isEqualTo("k2");
    assertThat(chain.keyIds()).containsExactlyInAnyOrder("k2", "k3");
    String missing =
        "key 'k1' is not in the key ring %s or the key ring %s"
            .formatted(dir.resolve("a"), dir.resolve("b"));
    assertThatThrownBy(
            () -> chain.unwrap(new WrappedKey(1, "k1", new byte[40]), TestKeys.ASSOCIATED))
        .isInstanceOf(KeyMissingException.class)
        .hasMessage(missing);
    assertThatThrownBy(() -> unlock(sealed(), chain))
        .isInstanceOfSatisfying(
            SealedFileException.class, e -> assertThat(e.reason()).isEqualTo(Reason.KEY_MISSING))
        .hasMessageContaining(missing);
  }

  @Test
  void theFirstSealsAndAllOpen() throws Exception {
    KeyProvider first = ring("a", "k2", 2);
    KeyProvider other = ring("b", "k3", 3);
    KeyProvider chain = new KeyChain(List.of(first, other));
    byte[] key = TestKeys.data(32);
    assertThat(chain.wrap(key, TestKeys.ASSOCIATED).keyId()).isEqualTo("k2");
    assertThat(chain.unwrap(first.wrap(key, TestKeys.ASSOCIATED), TestKeys.ASSOCIATED))
        .isEqualTo(key);
    assertThat(chain.unwrap(other.wrap(key, TestKeys.ASSOCIATED), TestKeys.ASSOCIATED))
        .isEqualTo(key);
  }

  @Test
  void oneIdTwiceIsRefused() throws Exception {
    List<KeyProvider> twice = List.of(ring("a", "k2", 2), ring("b", "k2", 3));
    assertThatThrownBy(() -> new KeyChain(twice))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("both have a key 'k2'");
  }

  private DirectoryKeyRing ring(String name, String keyId, int fill) throws IOException {
    return DirectoryKeyRing.open(TestKeys.ring(dir.resolve(name), keyId, fill));
  }

  private byte[] sealed() throws IOException {
    Path file = dir.resolve("sealed");
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    TestKeys.fileSystem(ring).create(TestKeys.sealed(file), WriteMode.OVERWRITE).close();
    return Files.readAllBytes(file);
  }

  private static void unlock(byte[] file, KeyProvider keys) throws IOException {
    new FileUnlocker(keys)
        .unlock(
            Header.parse(file, file.length),
            Arrays.copyOfRange(file, 1024, 1048),
            Arrays.copyOfRange(file, 1048, 1080));
  }
}
