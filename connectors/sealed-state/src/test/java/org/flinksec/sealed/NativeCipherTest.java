// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.CipherChoice;
import org.flinksec.sealed.format.TestChunks;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Conscrypt in the place of the JDK's cipher: the same vectors, the same attacks, the same files.
 */
class NativeCipherTest {
  @TempDir Path dir;

  @BeforeAll
  static void nameConscrypt() {
    System.setProperty(SealedOptions.CIPHER.key(), "conscrypt");
  }

  @AfterAll
  static void forgetConscrypt() {
    System.clearProperty(SealedOptions.CIPHER.key());
    CipherChoice.use(CipherChoice.JDK);
  }

  @Nested
  class Attacks extends AttackTest {}

  @Nested
  class Vectors extends VectorsTest {
    Vectors() throws IOException {}
  }

  @Nested
  class VectorsByOthers extends VectorsByOthersTest {
    VectorsByOthers() throws IOException {}
  }

  @Nested
  class WholeFiles extends SealedFileTest {}

  @Nested
  class Streams extends StreamsShareCiphersTest {}

  @Nested
  class LocalFiles extends LocalFileTest {}

  @Test
  void itIsUsedAndNobodyElseHasIt() throws Exception {
    List<Provider> before = Arrays.asList(Security.getProviders());
    TestKeys.fileSystem(ring());
    assertThat(TestChunks.providerInUse()).isEqualTo("Conscrypt");
    assertThat(Security.getProviders()).containsExactlyElementsOf(before);
    TestKeys.fileSystem(config("jdk"));
    assertThat(TestChunks.providerInUse()).isNotEqualTo("Conscrypt");
  }

  /** Lengths around every boundary, pieces of every size; each reads what the other wrote. */
  @Test
  void filesAreTheSameToBothCiphers() throws IOException {
    for (int length : new int[] {0, 1, 16, 8192, 16383, 16384, 16385, 65536, 200_001, 1 << 21}) {
      byte[] data = TestKeys.data(length);
      for (String writer : List.of("jdk", "conscrypt")) {
        String reader = writer.equals("jdk") ? "conscrypt" : "jdk";
        Path file = dir.resolve(writer + length);
        try (FSDataOutputStream out =
            TestKeys.fileSystem(config(writer))
                .create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
          int piece = 1 + length / 7;
          for (int at = 0; at < length; at += piece) {
            out.write(data, at, Math.min(piece, length - at));
          }
        }
        FileSystem other = TestKeys.fileSystem(config(reader));
        try (FSDataInputStream in = other.open(TestKeys.sealed(file))) {
          assertThat(in.readAllBytes()).isEqualTo(data);
        }
      }
    }
  }

  @Test
  void whatIsNotKnownIsRefusedByTheNameOfTheOption() {
    assertThatThrownBy(() -> TestKeys.fileSystem(config("accp")))
        .isInstanceOf(IllegalConfigurationException.class)
        .hasMessage("flinksec.sealed.cipher: 'accp' is none of jdk, conscrypt");
  }

  /** A plugin's class loader of its own, as Flink makes one. */
  @Test
  void withoutItsJarTheStartIsRefused() throws Exception {
    assertThat(messageOfStart(without("conscrypt"), null))
        .isEqualTo("flinksec.sealed.cipher: conscrypt's jar is not beside this plugin's");
  }

  @Test
  void aDirectoryThatTakesNoLibraryIsNamedWithTheWayOut() throws Exception {
    String property = System.getProperty("org.conscrypt.native.workdir");
    Path nowhere = Files.createFile(dir.resolve("file")).resolve("below");
    assertThat(messageOfStart(without("nothing"), nowhere.toString()))
        .startsWith("flinksec.sealed.cipher: conscrypt's native library cannot be loaded from ")
        .contains(nowhere.toString())
        .contains("set flinksec.sealed.native-directory to a directory that exists")
        .endsWith("or use jdk");
    assertThat(System.getProperty("org.conscrypt.native.workdir")).isEqualTo(property);
  }

  private String messageOfStart(URL[] classPath, String directory) throws Exception {
    ClassLoader flinks = new OnlyFlink(FileSystem.class.getClassLoader());
    try (URLClassLoader plugin = new URLClassLoader(classPath, flinks)) {
      Object factory =
          plugin
              .loadClass(SealedFileSystemFactory.Local.class.getName())
              .getConstructor()
              .newInstance();
      Configuration config = config("conscrypt");
      if (directory != null) {
        config.set(SealedOptions.NATIVE_DIRECTORY, directory);
      }
      ((org.apache.flink.core.fs.FileSystemFactory) factory).configure(config);
      return "started";
    } catch (IllegalConfigurationException e) {
      return e.getMessage();
    }
  }

  /** Hides what belongs to the plugin. */
  private static final class OnlyFlink extends ClassLoader {
    OnlyFlink(ClassLoader parent) {
      super(parent);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("org.flinksec.") || name.startsWith("org.conscrypt.")) {
        throw new ClassNotFoundException(name);
      }
      return super.loadClass(name, resolve);
    }
  }

  private static URL[] without(String word) throws IOException {
    List<URL> urls = new java.util.ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!Path.of(part).getFileName().toString().contains(word)) {
        urls.add(Path.of(part).toUri().toURL());
      }
    }
    return urls.toArray(URL[]::new);
  }

  private Configuration config(String cipher) throws IOException {
    return new Configuration()
        .set(DirectoryKeyRing.KEYS, ring().toString())
        .set(SealedOptions.CIPHER, cipher);
  }

  private Path ring() throws IOException {
    return TestKeys.ring(dir.resolve("ring"), "k1", 1);
  }
}
