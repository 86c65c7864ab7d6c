// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.SealedFileException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Java and Python, each on the other's files, whole and altered, with a fixed seed. */
class CrossCheckTest {
  private static final int[] SIZES = {
    0, 1, 100, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 70_001, 1_048_576, 3_000_000
  };

  /** Prints "name status digest-of-contents" of every file below a directory. */
  private static final String VERIFY =
      """
      import hashlib, pathlib, sys
      from flinksec_jobs.sealed import KeyRing, open_sealed, verify_file
      ring = KeyRing.open(sys.argv[1])
      for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
          report = verify_file(path, ring)
          digest = "-"
          if report.whole:
              with open_sealed(path, ring) as stream:
                  digest = hashlib.sha256(stream.read()).hexdigest()
          print(path.name, report.status.name, digest)
      """;

  /** Seals so many bytes of a fixed stream into each file; prints "name digest". */
  private static final String WRITE =
      """
      import hashlib, pathlib, random, sys
      from flinksec_jobs.sealed import KeyRing, SealedWriter
      ring = KeyRing.open(sys.argv[1])
      for size in map(int, sys.argv[3:]):
          data = random.Random(size).randbytes(size)
          path = pathlib.Path(sys.argv[2], f"p{size}")
          with SealedWriter(path, ring) as writer:
              writer.write(data)
          print(path.name, hashlib.sha256(data).hexdigest())
      """;

  @TempDir Path dir;
  private Path ring;
  private Path files;
  private FileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    files = Files.createDirectory(dir.resolve("files"));
    fs = TestKeys.fileSystem(ring);
  }

  @Test
  void pythonReadsWhatJavaWrote() throws Exception {
    TreeMap<String, String> expected = new TreeMap<>();
    for (int size : SIZES) {
      byte[] data = TestKeys.data(size);
      write("j" + size, data);
      expected.put("j" + size, "WHOLE " + digest(data));
    }
    assertThat(python(VERIFY)).isEqualTo(expected);
  }

  @Test
  void javaReadsWhatPythonWrote() throws Exception {
    String[] sizes = new String[SIZES.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = Integer.toString(SIZES[i]);
    }
    TreeMap<String, String> written = python(WRITE, sizes);
    assertThat(written).hasSize(SIZES.length);
    for (String name : written.keySet()) {
      assertThat(written.get(name)).as(name).isEqualTo(digest(read(name)));
    }
  }

  @Test
  void bothSayTheSameOfAlteredFiles() throws Exception {
    Random random = new Random(20_260_101);
    byte[] good = Files.readAllBytes(write("original", TestKeys.data(40_000)));
    Files.delete(files.resolve("original"));
    TreeMap<String, String> java = new TreeMap<>();
    for (int i = 0; i < 400; i++) {
      String name = "f%03d".formatted(i);
      Files.write(files.resolve(name), altered(good, random));
      java.put(name, verdict(name));
    }
    assertThat(java.values()).anyMatch(v -> v.startsWith("WHOLE"));
    assertThat(java.values()).anyMatch(v -> v.startsWith("TRUNCATED"));
    assertThat(java.values()).anyMatch(v -> v.startsWith("TAMPERED"));
    assertThat(java.values()).anyMatch(v -> v.startsWith("UNSUPPORTED"));
    assertThat(java.values()).anyMatch(v -> v.startsWith("PLAINTEXT"));
    assertThat(python(VERIFY)).isEqualTo(java);
  }

  private static byte[] altered(byte[] good, Random random) {
    byte[] bytes = good.clone();
    // Half of the changes hit the header, where the fields are.
    int end = random.nextBoolean() ? 72 : bytes.length;
    switch (random.nextInt(4)) {
      case 0 -> bytes[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(2 * bytes.length));
      case 2 -> {
        int from = random.nextInt(bytes.length - 512);
        int to = random.nextInt(bytes.length - 512);
        System.arraycopy(good, from, bytes, to, 1 + random.nextInt(512));
      }
      default -> bytes[random.nextInt(end)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private String verdict(String name) throws Exception {
    try {
      return "WHOLE " + digest(read(name));
    } catch (SealedFileException e) {
      return e.reason().name() + " -";
    }
  }

  private TreeMap<String, String> python(String program, String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(Checkout.python().toString(), "-c", program);
    builder.command().add(ring.toString());
    builder.command().add(files.toString());
    builder.command().addAll(java.util.List.of(arguments));
    Path errors = dir.resolve("errors");
    Process process = builder.redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(() -> errorsOf(errors)).isZero();
    TreeMap<String, String> lines = new TreeMap<>();
    output.lines().map(line -> line.split(" ", 2)).forEach(pair -> lines.put(pair[0], pair[1]));
    return lines;
  }

  private static String errorsOf(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private Path write(String name, byte[] data) throws IOException {
    Path file = files.resolve(name);
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(data);
    }
    return file;
  }

  private byte[] read(String name) throws IOException {
    try (FSDataInputStream in = fs.open(TestKeys.sealed(files.resolve(name)))) {
      return in.readAllBytes();
    }
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
