// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.KeyProvider;

/**
 * The Java half of tests/differential: reads and writes sealed files as Python asks over a pipe.
 *
 * <p>A request is a line of words, most followed by so many bytes; a line with a dot alone ends a
 * batch, and only then are the answers written, one line each, so that neither side can block.
 *
 * <pre>
 * read PATH LENGTH STEP...              LENGTH bytes of a sealed file
 * file PATH STEP...                     a sealed file on disk
 * write PATH RANDOM TIME LENGTH STEP... LENGTH bytes of plaintext
 * ring PATH                             a key ring's directory: its keys, or why it is refused
 * </pre>
 *
 * PATH and RANDOM (data key id, data key, file id, salt) are hexadecimal, TIME is in milliseconds.
 */
public final class DifferentialPeer {
  private static final int WHOLE_READ = 30_000;

  private final KeyProvider ring;
  private final SealedFileOpener opener;
  private final InputStream in;
  private final OutputStream out;

  private DifferentialPeer(Path ring, InputStream in, OutputStream out) throws IOException {
    this.ring = DirectoryKeyRing.open(ring);
    this.opener = new SealedFileOpener(new Sealing(this.ring, "", null, NamePolicy.ENFORCE));
    this.in = in;
    this.out = out;
  }

  /** Answers until the input ends. */
  public static void main(String[] arguments) throws Exception {
    OutputStream out = new BufferedOutputStream(System.out, 1 << 16);
    new DifferentialPeer(Path.of(arguments[0]), new BufferedInputStream(System.in, 1 << 16), out)
        .serve();
  }

  private void serve() throws Exception {
    List<Request> batch = new ArrayList<>();
    for (String line = line(); line != null; line = line()) {
      if (!line.equals(".")) {
        batch.add(request(line.split(" ")));
        continue;
      }
      for (Request request : batch) {
        out.write((answer(request) + "\n").getBytes(UTF_8));
      }
      out.flush();
      batch.clear();
    }
  }

  private record Request(String what, String path, List<String> words, byte[] bytes) {}

  private Request request(String[] words) throws IOException {
    String path = new String(HexFormat.of().parseHex(words[1]), UTF_8);
    List<String> rest = List.of(words).subList(2, words.length);
    int numbers = words[0].equals("read") ? 1 : words[0].equals("write") ? 3 : 0;
    byte[] bytes = numbers == 0 ? new byte[0] : bytes(Integer.parseInt(rest.get(numbers - 1)));
    return new Request(words[0], path, rest, bytes);
  }

  private String answer(Request request) throws Exception {
    String path = request.path();
    byte[] bytes = request.bytes();
    List<String> words = request.words();
    switch (request.what()) {
      case "read" -> {
        List<String> steps = words.subList(1, words.size());
        String inArrays = read(FileSource.of(new MemoryFile(bytes)), path, bytes.length, steps);
        String inDirectMemory = read(new ShortReads(bytes), path, bytes.length, steps);
        String same = inArrays.equals(inDirectMemory) ? "" : "DIRECT MEMORY " + inDirectMemory;
        return same + inArrays + " | " + whole(bytes, path);
      }
      case "file" -> {
        LocalFile file = LocalFile.open(Path.of(path));
        return read(file, path, file.size(), words);
      }
      case "ring" -> {
        return ring(Path.of(path));
      }
      case "write" -> {
        byte[] random = HexFormat.of().parseHex(words.get(0));
        Instant time = Instant.ofEpochMilli(Long.parseLong(words.get(1)));
        return write(path, random, time, bytes, words.subList(3, words.size()));
      }
      default -> throw new IllegalArgumentException(request.what());
    }
  }

  /** What opening says, and each step after it; after a failure every step must fail. */
  private String read(FileSource inner, String path, long length, List<String> steps)
      throws IOException {
    SealedInputStream stream;
    try {
      stream = opener.open(path, inner, path, length);
    } catch (IOException | RuntimeException e) {
      return failure(e);
    }
    StringBuilder result = new StringBuilder("WHOLE");
    boolean failed = false;
    try (stream) {
      for (String step : steps) {
        String said;
        try {
          said = step(stream, step.charAt(0), step.substring(1).split(","));
          // Where it stood may still be asked.
          said = !failed ? said : step.equals("t") ? "failed" : "NOT STICKY " + said;
        } catch (EOFException e) {
          said = failed ? "failed" : "beyond";
        } catch (IOException | RuntimeException e) {
          said =
              failed && e.getMessage().contains("an earlier read failed") ? "failed" : failure(e);
          failed = true;
        }
        result.append(' ').append(said);
      }
    }
    return result.toString();
  }

  private static String step(SealedInputStream in, char kind, String[] numbers) throws IOException {
    long first = numbers[0].isEmpty() ? 0 : Long.parseLong(numbers[0]);
    int second = numbers.length < 2 ? 0 : Integer.parseInt(numbers[1]);
    switch (kind) {
      case 'r' -> {
        byte[] buffer = new byte[(int) first + 7];
        return data(buffer, 5, in.read(buffer, 5, (int) first));
      }
      case 'b' -> {
        int read = in.read();
        return read < 0 ? "-1" : data(new byte[] {(byte) read}, 0, 1);
      }
      case 'v' -> {
        ByteBuffer buffer = ByteBuffer.allocate((int) first);
        return data(buffer.array(), 0, in.read(buffer));
      }
      case 'p' -> {
        ByteBuffer buffer = ByteBuffer.allocate(second + 3).position(3);
        return data(buffer.array(), 3, in.read(first, buffer));
      }
      case 'q' -> {
        ByteBuffer buffer = ByteBuffer.allocateDirect(second);
        int count = in.read(first, buffer);
        byte[] copy = new byte[buffer.flip().remaining()];
        buffer.get(copy);
        return data(copy, 0, count);
      }
      case 's' -> {
        in.seek(first);
        return "ok";
      }
      case 'k' -> {
        return Long.toString(in.skip(first));
      }
      case 't' -> {
        return Long.toString(in.getPos());
      }
      case 'a' -> {
        return Integer.toString(in.available());
      }
      default -> throw new IllegalArgumentException("step " + kind);
    }
  }

  /** The whole file from its beginning to its end, and what it holds. */
  private String whole(byte[] bytes, String path) {
    byte[] buffer = new byte[WHOLE_READ];
    CRC32 crc = new CRC32();
    long total = 0;
    try (SealedInputStream stream =
        opener.open(path, FileSource.of(new MemoryFile(bytes)), path, bytes.length)) {
      for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
        crc.update(buffer, 0, count);
        total += count;
      }
    } catch (IOException | RuntimeException e) {
      return failure(e);
    }
    return "WHOLE %d:%08x".formatted(total, crc.getValue());
  }

  private String write(String path, byte[] random, Instant time, byte[] plain, List<String> steps)
      throws Exception {
    Sealing sealing =
        new Sealing(
            ring,
            "",
            null,
            NamePolicy.ENFORCE,
            new Given(random),
            Clock.fixed(time, ZoneOffset.UTC));
    ByteArrayOutputStream sealed = new ByteArrayOutputStream();
    FileTarget inner = FileTarget.of(new MemoryOutputStream(sealed));
    int done = 0;
    try (SealedOutputStream stream = new SealedOutputStream(inner, sealing, path, () -> {})) {
      for (String step : steps) {
        switch (step.charAt(0)) {
          case 'f' -> stream.flush();
          case 's' -> stream.sync();
          case 'b' -> {
            if (done < plain.length) {
              stream.write(plain[done++]);
            }
          }
          default -> {
            int size = Math.min(Integer.parseInt(step.substring(1)), plain.length - done);
            stream.write(plain, done, size);
            done += size;
          }
        }
        if (stream.getPos() != done) {
          return "ERROR getPos " + stream.getPos() + " is not " + done;
        }
      }
      stream.write(plain, done, plain.length - done);
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(sealed.toByteArray());
    return sealed.size() + ":" + HexFormat.of().formatHex(digest);
  }

  private static String ring(Path directory) {
    try {
      KeyProvider opened = DirectoryKeyRing.open(directory);
      return "primary %s of %s".formatted(opened.primaryId(), new TreeSet<>(opened.keyIds()));
    } catch (IOException e) {
      return "refused: " + e.getMessage().replace('\n', ' ');
    }
  }

  private static String data(byte[] bytes, int offset, int count) {
    if (count < 0) {
      return "-1";
    }
    CRC32 crc = new CRC32();
    crc.update(bytes, offset, count);
    return "%d:%08x".formatted(count, crc.getValue());
  }

  private static String failure(Exception e) {
    return e instanceof SealedFileException sealed
        ? sealed.reason().name()
        : "ERROR " + e.toString().replace('\n', ' ');
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        return null;
      }
      line.write(b);
    }
    return line.toString(ISO_8859_1);
  }

  private byte[] bytes(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length != length) {
      throw new EOFException("the request ended early");
    }
    return bytes;
  }

  /** Random bytes that the test chose, in the order in which they are asked for. */
  private static final class Given extends java.security.SecureRandom {
    private final transient ByteBuffer bytes;

    Given(byte[] bytes) {
      this.bytes = ByteBuffer.wrap(bytes);
    }

    @Override
    public void nextBytes(byte[] out) {
      bytes.get(out);
    }
  }

  /** A file in memory that often reads fewer bytes than it was asked for, as files may. */
  private static final class MemoryFile extends MemoryInputStream {
    private int calls;

    MemoryFile(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int read(byte[] out, int offset, int size) throws IOException {
      int most = ++calls % 3 == 0 ? Math.max(1, size / 3) : size;
      return super.read(out, offset, most);
    }
  }
}
