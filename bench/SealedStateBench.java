// SPDX-License-Identifier: Apache-2.0

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/**
 * The same work on several directories through Flink's file systems, in turns.
 *
 * <p>Prints a line for each round and way: "bench", what, way, round, seconds, CPU seconds, bytes.
 * After each round it asks "more", what, and goes on while a line "yes" comes back.
 */
public final class SealedStateBench {
  static final long MIB = 1024 * 1024;
  private static final int BUFFER = 64 * 1024;
  private static final int CHUNK = 16 * 1024;
  private static final int SMALL = 8 * 1024;
  private static final int PAGE = 4 * 1024;
  private static final long NEVER = Long.MAX_VALUE;

  /**
   * So little waits to be written that the kernel's own thread has no reason to write it, whom no
   * limit binds.
   */
  private static final long SYNC_EVERY = 8 * MIB;

  private static final int WARM_UP = 3;
  private static final int WARM = 8;
  private static final int TICKS_PER_SECOND = 100;
  private static final double NANOS = 1e9;

  private static long nonces;
  private static final BufferedReader ANSWERS =
      new BufferedReader(new InputStreamReader(System.in, US_ASCII));

  /**
   * A way to keep files.
   *
   * @param directory one of its own, with Flink's scheme in front
   * @param behind where the directory's bytes lie in the end
   */
  record Way(String name, String directory, String behind) {
    static Way of(String argument) {
      String[] parts = argument.split("=", 3);
      return new Way(parts[0], parts[1], parts[2]);
    }

    Path path(String name) {
      return new Path(directory, name);
    }

    FileSystem fileSystem() throws IOException {
      return new Path(directory).getFileSystem();
    }
  }

  /** Work that tells how many bytes it moved. */
  interface Work {
    long run(Way way) throws Exception;
  }

  /** What is done before or after the work, and not measured. */
  interface Beside {
    void run(Way way) throws Exception;
  }

  private final List<Way> ways;
  private final long size = Long.getLong("bench.mib", 1024) * MIB;
  private final int files = Integer.getInteger("bench.files", 10_000);
  private final int reads = Integer.getInteger("bench.reads", 20_000);
  private final byte[] buffer = new byte[BUFFER];

  private SealedStateBench(List<Way> ways) {
    this.ways = ways;
    new Random(1).nextBytes(buffer);
  }

  /** Arguments: the key ring; a part of the bench; then WAY=DIRECTORY=BEHIND... */
  public static void main(String[] arguments) throws Exception {
    Configuration config = new Configuration();
    config.setString("flinksec.sealed.keys", arguments[0]);
    FileSystem.initialize(config, null);
    List<Way> ways = Arrays.stream(arguments).skip(2).map(Way::of).toList();
    SealedStateBench bench = new SealedStateBench(ways);
    switch (arguments[1]) {
      case "files" -> bench.files();
      case "disk" -> bench.disk();
      case "slow" -> bench.slow(System.getProperty("bench.slow"));
      case "checkpoint" -> SealedStateCheckpoint.measure(ways, System.getProperty("bench.local"));
      case "first" -> bench.first(Long.getLong("bench.after"));
      case "cipher" -> bench.cipher();
      default -> throw new IllegalArgumentException(arguments[1]);
    }
  }

  private void files() throws Exception {
    inTurns("write", ways, way -> write(way, NEVER));
    inTurns("read", ways, way -> read(way, "large"));
    inTurns("random", ways, this::readAtRandom);
    for (Way way : ways) {
      way.fileSystem().delete(way.path("large"), false);
      way.fileSystem().mkdirs(way.path("small"));
    }
    inTurns("small-write", ways, this::writeSmall);
    inTurns("small-read", ways, this::readSmall);
  }

  private void disk() throws Exception {
    inTurns("disk-write", ways, way -> write(way, size));
    inTurns(
        "disk-read",
        ways,
        SealedStateBench::forgetCached,
        way -> read(way, "large"),
        way -> {});
  }

  /** What is synced is what the device has: its rate counts, and not that of memory. */
  private void slow(String rate) throws Exception {
    inTurns("slow-" + rate, ways, way -> write(way, SYNC_EVERY));
  }

  /** A new JVM's first file, and what it writes when it is warm. */
  private void first(long seconds) throws Exception {
    Thread.sleep(seconds * 1000);
    for (Way way : ways) {
      timed("first-" + seconds, way, 0, w -> write(w, NEVER));
      for (int round = 0; seconds == 0 && round < WARM; round++) {
        timed(round < WARM / 2 ? "between" : "warm", way, round, w -> write(w, NEVER));
      }
    }
  }

  /** Takes the files out of the page cache, so that the disk is read. */
  private static void forgetCached(Way way) throws Exception {
    try (var walk = Files.walk(java.nio.file.Path.of(way.behind()))) {
      for (java.nio.file.Path file : walk.filter(Files::isRegularFile).toList()) {
        new ProcessBuilder("dd", "of=" + file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
      }
    }
  }

  private static void inTurns(String what, List<Way> ways, Work work) throws Exception {
    inTurns(what, ways, way -> {}, work, way -> {});
  }

  /** Runs the work for each way unmeasured, then in rounds, every other one backwards. */
  static void inTurns(String what, List<Way> ways, Beside before, Work work, Beside after)
      throws Exception {
    for (int round = 0; round < WARM_UP; round++) {
      for (Way way : ways) {
        before.run(way);
        work.run(way);
        after.run(way);
      }
    }
    int round = 0;
    do {
      List<Way> order = new ArrayList<>(ways);
      if (round % 2 == 1) {
        Collections.reverse(order);
      }
      for (Way way : order) {
        before.run(way);
        timed(what, way, round, work);
        after.run(way);
      }
      round++;
    } while (more(what));
  }

  private static boolean more(String what) throws IOException {
    System.out.println("more " + what);
    return "yes".equals(ANSWERS.readLine());
  }

  private static void timed(String what, Way way, int round, Work work) throws Exception {
    double mounted = cpuOfMount(way);
    Map<String, Long> cpu = cpuOfThreads();
    long start = System.nanoTime();
    long bytes = work.run(way);
    double seconds = (System.nanoTime() - start) / NANOS;
    double used = cpuOfMount(way) - mounted;
    for (Map.Entry<String, Long> thread : cpuOfThreads().entrySet()) {
      used += (thread.getValue() - cpu.getOrDefault(thread.getKey(), 0L)) / NANOS;
    }
    System.out.printf(
        Locale.ROOT,
        "bench %s %s %d %.6f %.6f %d%n",
        what,
        way.name(),
        round,
        seconds,
        used,
        bytes);
  }

  /** Nanoseconds of each thread of this process: Java tells those of all in steps of 10 ms. */
  private static Map<String, Long> cpuOfThreads() throws IOException {
    Map<String, Long> times = new HashMap<>();
    try (var tasks = Files.newDirectoryStream(java.nio.file.Path.of("/proc/self/task"))) {
      for (java.nio.file.Path task : tasks) {
        try {
          String told = Files.readString(task.resolve("schedstat"));
          times.put(task.toString(), Long.parseLong(told.split(" ")[0]));
        } catch (NoSuchFileException e) {
          continue; // Ended since.
        }
      }
    }
    return times;
  }

  /** Seconds of the process that mounted the way's directory, if there is one. */
  private static double cpuOfMount(Way way) throws IOException {
    String process = System.getProperty("bench.process." + way.name());
    if (process == null) {
      return 0;
    }
    String stat = Files.readString(java.nio.file.Path.of("/proc", process, "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    return (double) ticks / TICKS_PER_SECOND;
  }

  private long write(Way way, long syncEvery) throws IOException {
    try (FSDataOutputStream out = way.fileSystem().create(way.path("large"), WriteMode.OVERWRITE)) {
      for (long done = 0; done < size; done += BUFFER) {
        out.write(buffer, 0, BUFFER);
        if ((done + BUFFER) % syncEvery == 0) {
          out.sync();
        }
      }
    }
    return size;
  }

  private long read(Way way, String name) throws IOException {
    byte[] into = new byte[BUFFER];
    long total = 0;
    try (FSDataInputStream in = way.fileSystem().open(way.path(name))) {
      for (int count = 0; count >= 0; count = in.read(into, 0, BUFFER)) {
        total += count;
      }
    }
    return total;
  }

  private long readAtRandom(Way way) throws IOException {
    Random random = new Random(2);
    byte[] into = new byte[PAGE];
    try (FSDataInputStream in = way.fileSystem().open(way.path("large"))) {
      for (int i = 0; i < reads; i++) {
        in.seek(random.nextLong(size - PAGE));
        int done = 0;
        while (done < PAGE) {
          done += in.read(into, done, PAGE - done);
        }
      }
    }
    return (long) reads * PAGE;
  }

  private long writeSmall(Way way) throws IOException {
    for (int i = 0; i < files; i++) {
      Path file = way.path("small/" + i);
      try (FSDataOutputStream out = way.fileSystem().create(file, WriteMode.OVERWRITE)) {
        out.write(buffer, 0, SMALL);
      }
    }
    return (long) files * SMALL;
  }

  private long readSmall(Way way) throws IOException {
    long total = 0;
    for (int i = 0; i < files; i++) {
      total += read(way, "small/" + i);
    }
    return total;
  }

  /** What the JDK's cipher does with nothing around it, in chunks of the format's size. */
  private void cipher() throws Exception {
    byte[] plaintext = new byte[CHUNK];
    byte[] ciphertext = new byte[CHUNK + 16];
    SecretKeySpec key = new SecretKeySpec(new byte[32], "AES");
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    List<Way> jca = List.of(new Way("jca", "", ""));
    Work encrypt =
        way -> {
          for (long i = 0; i < size / CHUNK; i++) {
            cipher.init(Cipher.ENCRYPT_MODE, key, newNonce());
            cipher.doFinal(plaintext, 0, CHUNK, ciphertext, 0);
          }
          return size;
        };
    Work decrypt =
        way -> {
          GCMParameterSpec nonce = newNonce();
          cipher.init(Cipher.ENCRYPT_MODE, key, nonce);
          cipher.doFinal(plaintext, 0, CHUNK, ciphertext, 0);
          for (long i = 0; i < size / CHUNK; i++) {
            cipher.init(Cipher.DECRYPT_MODE, key, nonce);
            cipher.doFinal(ciphertext, 0, ciphertext.length, plaintext, 0);
          }
          return size;
        };
    inTurns("encrypt", jca, encrypt);
    inTurns("decrypt", jca, decrypt);
  }

  private static GCMParameterSpec newNonce() {
    byte[] number = ByteBuffer.allocate(Long.BYTES).putLong(nonces++).array();
    return new GCMParameterSpec(128, Arrays.copyOf(number, 12));
  }
}
