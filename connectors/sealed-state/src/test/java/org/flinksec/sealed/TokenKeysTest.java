// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.util.FileUtils;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.KeyException;
import org.flinksec.sealed.keys.KeyMissingException;
import org.flinksec.sealed.keys.KeyProvider;
import org.flinksec.sealed.keys.KeysUnavailableException;
import org.flinksec.sealed.keys.pkcs11.TokenKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys in a PKCS#11 token: SoftHSM's, through SunPKCS11. */
class TokenKeysTest {
  private static final String CLI = "from flinksec_jobs.cli import main; main()";
  private static final byte[] DATA = TestKeys.data(40_000);
  private static final byte[] DATA_KEY = TestKeys.data(32);

  @TempDir Path dir;

  @Test
  void pythonReadsThroughTheTokenWhatJavaSealedThroughIt() throws Exception {
    Path file = write(TestKeys.fileSystem(token("t1")), "sealed");
    Path out = dir.resolve("out");
    String uri = SoftHsm.uri(SoftHsm.TOKEN);
    SoftHsm.python(CLI, "state", "cat", "--keys", uri, file.toString(), "-o", out.toString());
    assertThat(out).hasBinaryContent(DATA);
  }

  @Test
  void javaReadsThroughTheTokenWhatPythonSealedThroughIt() throws Exception {
    Path plain = Files.write(dir.resolve("plain"), DATA);
    Path file = dir.resolve("sealed");
    SoftHsm.python(
        """
        import pathlib, sys
        from flinksec_jobs.sealed import SealedWriter, TokenKeys, pkcs11uri
        address, _ = pkcs11uri.parse(sys.argv[1])
        with TokenKeys(address, "t2") as keys, SealedWriter(sys.argv[2], keys) as writer:
            writer.write(pathlib.Path(sys.argv[3]).read_bytes())
        """,
        SoftHsm.uri(SoftHsm.TOKEN),
        file.toString(),
        plain.toString());
    assertThat(read(TestKeys.fileSystem(token("t1")), file)).isEqualTo(DATA);
  }

  @Test
  void filesMoveFromTheRingIntoTheTokenAndBack() throws Exception {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    FileSystem ofRing = TestKeys.fileSystem(ring);
    FileSystem ofToken = TestKeys.fileSystem(token("t1"));
    Path file = write(ofRing, "sealed");
    assertMissing(ofToken, file, "key 'k1' is not in the token 'flinksec state'");

    String uri = SoftHsm.uri(SoftHsm.TOKEN);
    String into = uri.replace("?", ";object=t1?");
    rekey(file, into, ring.toString());
    assertThat(read(ofToken, file)).isEqualTo(DATA);
    assertMissing(ofRing, file, "key 't1' is not in the key ring " + ring);

    rekey(file, ring.toString(), uri);
    assertThat(read(ofRing, file)).isEqualTo(DATA);
  }

  @Test
  void aRunningJobOpensWithBothAndSealsWithTheOneThatItsSettingsChoose() throws Exception {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    FileSystem ofRing = TestKeys.fileSystem(ring);
    FileSystem into = TestKeys.fileSystem(token("t1").set(DirectoryKeyRing.KEYS, ring.toString()));
    FileSystem back = TestKeys.fileSystem(token(null).set(DirectoryKeyRing.KEYS, ring.toString()));
    Path old = write(ofRing, "old");
    assertThat(read(into, old)).isEqualTo(DATA);

    Path moved = write(into, "moved");
    assertMissing(ofRing, moved, "key 't1' is not in the key ring");
    assertThat(read(back, moved)).isEqualTo(DATA);
    assertThat(read(ofRing, write(back, "again"))).isEqualTo(DATA);
    // A running process finds a key of the ring that was added since.
    TestKeys.addKey(ring, "k2", 2);
    Files.writeString(ring.resolve("primary"), "k2");
    assertThat(read(into, write(TestKeys.fileSystem(ring), "newer"))).isEqualTo(DATA);
  }

  @Test
  void oneIdInTheRingAndInTheTokenIsRefused() throws Exception {
    Path ring = TestKeys.ring(dir.resolve("ring"), "t2", 1);
    assertRefused(
        token("t1").set(DirectoryKeyRing.KEYS, ring.toString()),
        DirectoryKeyRing.KEYS,
        "the token 'flinksec state' (%s) and the key ring %s both have a key 't2'"
            .formatted(SoftHsm.MODULE, ring));
  }

  @Test
  void theTokenIsAskedOnceForADataKeyAndNotForEachFile() throws Exception {
    Configuration config = SoftHsm.configuration(SoftHsm.DOOMED, "d1");
    KeyProvider keys = new KeyProviders().open(config).orElseThrow();
    WrappedKey wrapped = keys.wrap(new byte[32], TestKeys.ASSOCIATED);
    WrappedKey other = keys.wrap(DATA_KEY, TestKeys.ASSOCIATED);
    assertThat(wrapped.bytes()).hasSize(40);
    assertThat(keys.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(new byte[32]);
    // From here on the token is gone.
    FileUtils.deleteDirectory(directoryOf(SoftHsm.DOOMED).toFile());
    assertThat(keys.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(new byte[32]);
    // To SoftHSM a token that is gone has no keys; others tell that it is gone.
    for (ThrowingCallable asked :
        List.<ThrowingCallable>of(
            () -> keys.unwrap(other, TestKeys.ASSOCIATED),
            () -> keys.wrap(DATA_KEY, TestKeys.ASSOCIATED))) {
      assertThatThrownBy(asked)
          .isInstanceOfAny(KeysUnavailableException.class, KeyMissingException.class)
          .hasMessageContaining("token 'doomed' (%s)".formatted(SoftHsm.MODULE));
    }
  }

  /** SoftHSM has a directory for each token; the token's label is in clear in it. */
  private static Path directoryOf(String label) throws IOException {
    try (var files = Files.walk(SoftHsm.tokens())) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        if (new String(Files.readAllBytes(file), ISO_8859_1).contains(label)) {
          return file.getParent();
        }
      }
    }
    throw new AssertionError("no token " + label);
  }

  @Test
  void manyThreadsUnwrapAtOnce() throws Exception {
    KeyProvider keys = new KeyProviders().open(token("t1")).orElseThrow();
    List<byte[]> expected = new ArrayList<>();
    List<Future<byte[]>> unwrapped = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    for (int i = 0; i < 64; i++) {
      byte[] key = new byte[32];
      key[0] = (byte) i;
      expected.add(key);
      unwrapped.add(
          threads.submit(
              () -> keys.unwrap(keys.wrap(key, TestKeys.ASSOCIATED), TestKeys.ASSOCIATED)));
    }
    for (int i = 0; i < 64; i++) {
      assertThat(unwrapped.get(i).get()).isEqualTo(expected.get(i));
    }
    threads.shutdown();
  }

  @ParameterizedTest
  @CsvSource({"1,40", "1,39", "1,48", "1,276", "2,40"})
  void whatTheTokenDidNotWrapIsRefused(int algorithm, int length) throws Exception {
    KeyProvider keys = new KeyProviders().open(token("t1")).orElseThrow();
    assertThatThrownBy(
            () ->
                keys.unwrap(new WrappedKey(algorithm, "t1", new byte[length]), TestKeys.ASSOCIATED))
        .isExactlyInstanceOf(KeyException.class)
        .hasMessageStartingWith("its data key was not wrapped by key 't1' of the token");
  }

  @ParameterizedTest
  @CsvSource({
    "short,the label 'short' is not that of an AES key of 256 bits",
    "generic,the label 'generic' is not that of an AES key of 256 bits",
    "readable,the key 'readable' can be read out of the token in clear",
    "absent,there is no key 'absent'",
  })
  void aKeyThatCannotSealIsRefusedAtStart(String key, String why) {
    assertRefused(
        token(key),
        TokenKeys.MODULE,
        "token 'flinksec state' (%s): %s".formatted(SoftHsm.MODULE, why));
  }

  @Test
  void onlyKeysThatCanSealAreKnown() throws Exception {
    KeyProvider keys = new KeyProviders().open(token("t1")).orElseThrow();
    assertThat(keys.keyIds()).contains("t1", "t2").doesNotContain("short", "generic");
  }

  @Test
  void aKeyThatWasAddedLaterIsFound() throws Exception {
    KeyProvider running = new KeyProviders().open(token("t1")).orElseThrow();
    WrappedKey foreign = new WrappedKey(WrappedKey.AES_KWP, "later", new byte[40]);
    assertThatThrownBy(() -> running.unwrap(foreign, TestKeys.ASSOCIATED))
        .hasMessage("key 'later' is not in the token 'flinksec state' (%s)", SoftHsm.MODULE);
    SoftHsm.addKey(SoftHsm.TOKEN, "later");
    WrappedKey wrapped =
        new KeyProviders().open(token("later")).orElseThrow().wrap(DATA_KEY, TestKeys.ASSOCIATED);
    assertThat(running.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(DATA_KEY);
  }

  @Test
  void aWrongPinIsTriedOnceAndNamedByItsFile() throws Exception {
    Path pin = SoftHsm.pinFile("wrong-pin", "wrong-pin-3141");
    Configuration config =
        SoftHsm.configuration(SoftHsm.GUARDED, "g1").set(TokenKeys.PIN_SOURCE, pin.toString());
    String refusal =
        "token 'guarded' (%s): %s does not hold its user PIN; it was tried once and"
            .formatted(SoftHsm.MODULE, pin);
    assertRefused(config, TokenKeys.MODULE, refusal);
    // Even the right one is not tried by this process: who says that it is right?
    SoftHsm.pinFile("wrong-pin", SoftHsm.PIN);
    assertRefused(config, TokenKeys.MODULE, refusal);
  }

  @Test
  void aPinThatIsExposedOrEmptyIsNotTried() throws Exception {
    Path pin = SoftHsm.pinFile("exposed", "wrong-pin-3141");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-r--r--"));
    Configuration config =
        SoftHsm.configuration(SoftHsm.GUARDED, "g1").set(TokenKeys.PIN_SOURCE, pin.toString());
    assertRefused(
        config,
        TokenKeys.MODULE,
        "the PIN file %s is exposed (rw-r--r--): use mode 0400 or 0600".formatted(pin));
    SoftHsm.pinFile("exposed", "");
    assertRefused(config, TokenKeys.MODULE, "the PIN file %s is empty".formatted(pin));
  }

  @Test
  void nothingPrintsThePinOrTheTokensListing() throws Exception {
    PrintStream original = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    StringWriter traces = new StringWriter();
    System.setOut(new PrintStream(printed, true));
    try {
      Path slotFile = SoftHsm.pinFile("other-pin", "wrong-pin-2718");
      Configuration wrong =
          SoftHsm.configuration(SoftHsm.GUARDED, "g1")
              .set(TokenKeys.PIN_SOURCE, slotFile.toString());
      try {
        TestKeys.fileSystem(wrong);
      } catch (IllegalConfigurationException e) {
        e.printStackTrace(new PrintWriter(traces));
      }
      write(TestKeys.fileSystem(token("t1")), "sealed");
      System.out.print("the rest");
    } finally {
      System.setOut(original);
    }
    assertThat(printed).hasToString("the rest");
    assertThat(traces.toString())
        .contains("CKR_PIN_INCORRECT")
        .doesNotContain("wrong-pin-2718")
        .doesNotContain(SoftHsm.PIN);
    assertThat(token("t1").toString()).doesNotContain(SoftHsm.PIN);
  }

  @Test
  void theModuleAndTheTokenAreNamedIfTheyAreMissing() throws Exception {
    Path absent = dir.resolve("absent.so");
    Configuration config = token("t1").set(TokenKeys.MODULE, absent.toString());
    assertRefused(
        config,
        TokenKeys.MODULE,
        "the PKCS#11 module %s does not exist: install".formatted(absent));
    Files.writeString(absent, "no library");
    assertRefused(
        config,
        TokenKeys.MODULE,
        "token 'flinksec state' (%s): there is no such token; ".formatted(absent));
    assertRefused(
        SoftHsm.configuration("other", "k"),
        TokenKeys.MODULE,
        "token 'other' (%s): there is no such token; the module has '".formatted(SoftHsm.MODULE));
    assertRefused(
        SoftHsm.configuration(SoftHsm.TWIN, "k"),
        TokenKeys.MODULE,
        "token 'twin' (%s): several tokens have this label, name its slot"
            .formatted(SoftHsm.MODULE));
    Configuration slot = SoftHsm.configuration("x", "k").set(TokenKeys.SLOT, 99L);
    slot.removeConfig(TokenKeys.TOKEN);
    assertRefused(slot, TokenKeys.MODULE, "token in slot 99 (");
  }

  @Test
  void whatTheConfigurationLacksIsNamed() {
    for (ConfigOption<?> option :
        List.of(TokenKeys.TOKEN, TokenKeys.PIN_SOURCE, TokenKeys.PRIMARY)) {
      Configuration config = token("t1");
      config.removeConfig(option);
      assertThatThrownBy(() -> TestKeys.fileSystem(config))
          .isInstanceOf(IllegalConfigurationException.class)
          .hasMessageStartingWith(TokenKeys.MODULE.key() + ": ")
          .hasMessageContaining(option.key());
    }
    assertRefused(
        token("t1").set(TokenKeys.SLOT, 1L),
        TokenKeys.MODULE,
        "one of flinksec.sealed.pkcs11.token and flinksec.sealed.pkcs11.slot must name the token");
  }

  private static Configuration token(String primary) {
    return SoftHsm.configuration(SoftHsm.TOKEN, primary);
  }

  private static void rekey(Path file, String... keys) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("state", "rekey", file.toString()));
    for (String key : keys) {
      arguments.addAll(List.of("--keys", key));
    }
    String output = SoftHsm.python(CLI, arguments.toArray(String[]::new));
    assertThat(output).startsWith("1 file: 1 re-wrapped; primary key '");
  }

  private Path write(FileSystem fs, String name) throws IOException {
    Path file = dir.resolve(name);
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(DATA);
    }
    return file;
  }

  private static byte[] read(FileSystem fs, Path file) throws IOException {
    try (var in = fs.open(TestKeys.sealed(file))) {
      return in.readAllBytes();
    }
  }

  private static void assertMissing(FileSystem fs, Path file, String why) {
    assertThatThrownBy(() -> read(fs, file))
        .isInstanceOfSatisfying(
            SealedFileException.class, e -> assertThat(e.reason()).isEqualTo(Reason.KEY_MISSING))
        .hasMessageContaining(file.toString())
        .hasMessageContaining(why)
        .hasMessageContaining("put the key back, or restore from other state");
  }

  private static void assertRefused(Configuration config, ConfigOption<?> option, String why) {
    assertThatThrownBy(() -> TestKeys.fileSystem(config))
        .isInstanceOf(IllegalConfigurationException.class)
        .hasMessageStartingWith(option.key() + ": " + why);
  }
}
