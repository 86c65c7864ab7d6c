// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.FileUtils;
import org.flinksec.sealed.keys.pkcs11.TokenKeys;

/**
 * PKCS#11 tokens in software, as Debian has them. A module reads its tokens when it is loaded, so
 * all of them are made before.
 */
public final class SoftHsm {
  public static final Path MODULE = Path.of("/usr/lib/softhsm/libsofthsm2.so");

  /** A token with the keys t1 and t2, and others that cannot seal. */
  public static final String TOKEN = "flinksec state";

  /** A token whose PIN the tests get wrong. */
  static final String GUARDED = "guarded";

  /** A token that a test takes away. */
  static final String DOOMED = "doomed";

  /** Two tokens are called so. */
  static final String TWIN = "twin";

  static final String PIN = "cA7-user-pin-9150";
  private static final Path CONFIG = Path.of(System.getenv("SOFTHSM2_CONF"));
  private static final Path DIRECTORY = CONFIG.getParent();

  static {
    try {
      make();
    } catch (Exception e) {
      throw new AssertionError("SoftHSM's tokens cannot be made: apt-get install softhsm2", e);
    }
  }

  private SoftHsm() {}

  private static void make() throws Exception {
    FileUtils.deleteDirectory(DIRECTORY.toFile());
    Files.createDirectories(tokens());
    Files.writeString(CONFIG, "directories.tokendir = %s\nlog.level = ERROR\n".formatted(tokens()));
    for (String label : List.of(TOKEN, GUARDED, DOOMED, TWIN, TWIN)) {
      run(
          "softhsm2-util",
          "--init-token",
          "--free",
          "--label",
          label,
          "--so-pin",
          "so-pin-1",
          "--pin",
          PIN);
    }
    pinFile("pin", PIN);
    // One Python for all of it: its start is the slow part.
    python(
        """
        import pkcs11, sys
        from pkcs11 import Attribute, KeyType
        from flinksec_jobs.sealed import TokenKeys, pkcs11uri
        for uri, key in zip(sys.argv[4::2], sys.argv[5::2]):
            TokenKeys.add(pkcs11uri.parse(uri)[0], key)
        token = pkcs11.lib(sys.argv[1]).get_token(token_label=sys.argv[2])
        with token.open(rw=True, user_pin=sys.argv[3]) as session:
            session.generate_key(KeyType.AES, 128, label="short", store=True)
            session.generate_key(KeyType.GENERIC_SECRET, 256, label="generic", store=True)
            session.generate_key(
                KeyType.AES, 256, label="readable", store=True,
                template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True})
        """,
        MODULE.toString(),
        TOKEN,
        PIN,
        uri(TOKEN),
        "t1",
        uri(TOKEN),
        "t2",
        uri(DOOMED),
        "d1");
  }

  /** Makes a key as users do. */
  static void addKey(String label, String key) throws Exception {
    python("from flinksec_jobs.cli import main; main()", "state", "keys", "add", uri(label), key);
  }

  static String uri(String label) {
    return "pkcs11:token=%s?module-path=%s&pin-source=file:%s"
        .formatted(label.replace(" ", "%20"), MODULE, DIRECTORY.resolve("pin"));
  }

  static Path tokens() {
    return DIRECTORY.resolve("tokens");
  }

  static Path pinFile(String name, String pin) throws IOException {
    Path file = Files.writeString(DIRECTORY.resolve(name), pin + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  /** What a job's configuration says of a token. */
  public static Configuration configuration(String label, String primary) {
    Configuration config =
        new Configuration()
            .set(TokenKeys.MODULE, MODULE.toString())
            .set(TokenKeys.TOKEN, label)
            .set(TokenKeys.PIN_SOURCE, DIRECTORY.resolve("pin").toString());
    return primary == null ? config : config.set(TokenKeys.PRIMARY, primary);
  }

  /** What a Python program prints. */
  static String python(String program, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(Checkout.python().toString(), "-c", program));
    command.addAll(List.of(arguments));
    return run(command.toArray(String[]::new));
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(300, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command[0] + " failed: " + output);
    }
    return output;
  }
}
