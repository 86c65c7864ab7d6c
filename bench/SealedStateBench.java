// SPDX-License-Identifier: Apache-2.0

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;
import org.flinksec.sealed.SealedFileSystemFactory;

/**
 * The same work through Flink's local file system and through the sealed one, in turns.
 *
 * <p>Prints a line for each: what, plain or sealed, median seconds, median CPU seconds.
 */
public final class SealedStateBench {
  private static final int BUFFER = 64 * 1024;
  private static final int CHUNK = 16 * 1024;
  private static final long MIB = 1024 * 1024;
  private static final int SMALL_FILES = 2000;
  private static final int RANDOM_READS = 20_000;
  private static final int ROUNDS = 5;

  private static long nonces;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private interface Work {
    void run() throws IOException, GeneralSecurityException;
  }

  private interface WorkIn {
    void run(FileSystem fs, String scheme) throws IOException;
  }

  private final FileSystem plain = FileSystem.get(URI.create("file:///"));
  private final FileSystem sealed;
  private final byte[] buffer = new byte[BUFFER];

  private SealedStateBench(String keys) throws IOException {
    new Random(1).nextBytes(buffer);
    SealedFileSystemFactory factory = new SealedFileSystemFactory.Local();
    Configuration config = new Configuration();
    config.setString("flinksec.sealed.keys", keys);
    factory.configure(config);
    sealed = factory.create(URI.create("sealed+file:///"));
  }

  /** Arguments: the key ring, then all TMPFS DISK, or first plain|sealed DIRECTORY SECONDS. */
  public static void main(String[] arguments) throws Exception {
    SealedStateBench bench = new SealedStateBench(arguments[0]);
    if (arguments[1].equals("first")) {
      Thread.sleep(Long.parseLong(arguments[4]) * 1000);
      bench.first(arguments[2], arguments[3]);
    } else {
      bench.all(arguments[2], arguments[3]);
    }
  }

  private void first(String which, String directory) throws Exception {
    boolean isSealed = which.equals("sealed");
    FileSystem fs = isSealed ? sealed : plain;
    String scheme = isSealed ? "sealed+file://" : "file://";
    measure("first", which, 1, () -> write(fs, scheme + directory + "/first", 64 * MIB, false));
    fs.delete(new Path(scheme + directory + "/first"), false);
  }

  private void all(String tmpfs, String disk) throws Exception {
    long size = 256 * MIB;
    both("write", (fs, scheme) -> write(fs, scheme + tmpfs + "/" + scheme.length(), size, false));
    both("read", (fs, scheme) -> read(fs, scheme + tmpfs + "/" + scheme.length()));
    both("random", (fs, scheme) -> readAtRandom(fs, scheme + tmpfs + "/" + scheme.length()));
    both("small-write", (fs, scheme) -> writeSmall(fs, scheme + tmpfs + "/s" + scheme.length()));
    both("small-read", (fs, scheme) -> readSmall(fs, scheme + tmpfs + "/s" + scheme.length()));
    both("disk", (fs, scheme) -> write(fs, scheme + disk + "/" + scheme.length(), size, true));
    cipher(size);
  }

  private void both(String what, WorkIn work) throws Exception {
    List<long[]> ofPlain = new ArrayList<>();
    List<long[]> ofSealed = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      ofPlain.add(timed(() -> work.run(plain, "file://")));
      ofSealed.add(timed(() -> work.run(sealed, "sealed+file://")));
    }
    print(what, "plain", ofPlain.subList(1, ROUNDS + 1));
    print(what, "sealed", ofSealed.subList(1, ROUNDS + 1));
  }

  private static void measure(String what, String which, int rounds, Work work) throws Exception {
    List<long[]> times = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      times.add(timed(work));
    }
    print(what, which, times);
  }

  private static long[] timed(Work work) throws Exception {
    long cpu = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    work.run();
    return new long[] {System.nanoTime() - start, SYSTEM.getProcessCpuTime() - cpu};
  }

  private static void print(String what, String which, List<long[]> times) {
    System.out.printf("%s %s %.6f %.6f%n", what, which, median(times, 0), median(times, 1));
  }

  private static double median(List<long[]> times, int field) {
    long[] sorted = times.stream().mapToLong(time -> time[field]).sorted().toArray();
    return sorted[sorted.length / 2] / 1e9;
  }

  private void write(FileSystem fs, String file, long size, boolean sync) throws IOException {
    try (FSDataOutputStream out = fs.create(new Path(file), WriteMode.OVERWRITE)) {
      for (long done = 0; done < size; done += BUFFER) {
        out.write(buffer, 0, BUFFER);
      }
      if (sync) {
        out.sync();
      }
    }
  }

  private void read(FileSystem fs, String file) throws IOException {
    byte[] into = new byte[BUFFER];
    try (FSDataInputStream in = fs.open(new Path(file))) {
      while (in.read(into, 0, BUFFER) >= 0) {}
    }
  }

  private void readAtRandom(FileSystem fs, String file) throws IOException {
    Random random = new Random(2);
    byte[] into = new byte[4096];
    try (FSDataInputStream in = fs.open(new Path(file))) {
      for (int i = 0; i < RANDOM_READS; i++) {
        in.seek(random.nextInt((int) (256 * MIB) - into.length));
        int done = 0;
        while (done < into.length) {
          done += in.read(into, done, into.length - done);
        }
      }
    }
  }

  private void writeSmall(FileSystem fs, String directory) throws IOException {
    fs.mkdirs(new Path(directory));
    for (int i = 0; i < SMALL_FILES; i++) {
      try (FSDataOutputStream out =
          fs.create(new Path(directory, String.valueOf(i)), WriteMode.OVERWRITE)) {
        out.write(buffer, 0, 8192);
      }
    }
  }

  private void readSmall(FileSystem fs, String directory) throws IOException {
    for (int i = 0; i < SMALL_FILES; i++) {
      read(fs, directory + "/" + i);
    }
  }

  /** What the JDK's cipher does with nothing around it, in chunks of the format's size. */
  private static void cipher(long size) throws Exception {
    byte[] plaintext = new byte[CHUNK];
    byte[] ciphertext = new byte[CHUNK + 16];
    SecretKeySpec key = new SecretKeySpec(Arrays.copyOf(plaintext, 32), "AES");
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    Work encrypt =
        () -> {
          for (long i = 0; i < size / CHUNK; i++) {
            cipher.init(Cipher.ENCRYPT_MODE, key, newNonce());
            cipher.doFinal(plaintext, 0, CHUNK, ciphertext, 0);
          }
        };
    Work decrypt =
        () -> {
          GCMParameterSpec nonce = newNonce();
          cipher.init(Cipher.ENCRYPT_MODE, key, nonce);
          cipher.doFinal(plaintext, 0, CHUNK, ciphertext, 0);
          for (long i = 0; i < size / CHUNK; i++) {
            cipher.init(Cipher.DECRYPT_MODE, key, nonce);
            cipher.doFinal(ciphertext, 0, ciphertext.length, plaintext, 0);
          }
        };
    encrypt.run();
    measure("jca", "encrypt", ROUNDS, encrypt);
    decrypt.run();
    measure("jca", "decrypt", ROUNDS, decrypt);
  }

  private static GCMParameterSpec newNonce() {
    byte[] number = ByteBuffer.allocate(Long.BYTES).putLong(nonces++).array();
    return new GCMParameterSpec(128, Arrays.copyOf(number, 12));
  }
}
