// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What someone who can write to the volume may try, beyond the written vectors: all bits, all
 * lengths, and what a reader that was already handed out does.
 */
class AttackTest {
  private static final int SLOT_B = Layout.CONTEXT + Layout.SLOT;

  @TempDir Path dir;
  private FileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    fs = TestKeys.fileSystem(TestKeys.ring(dir.resolve("ring"), "k1", 1));
  }

  @Test
  void everyBitOfASmallFileIsProtected() throws IOException {
    byte[] plain = TestKeys.data(40);
    Path file = write("bits", plain);
    byte[] bytes = Files.readAllBytes(file);
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      for (int bit = 0; bit < bytes.length * 8; bit++) {
        int at = bit / 8;
        raw.seek(at);
        raw.write(bytes[at] ^ (1 << (bit % 8)));
        if (at >= SLOT_B && at < Layout.HEADER) {
          // Slot B is empty: altered it is torn, which counts as empty.
          assertThat(read(file)).as("bit " + bit).isEqualTo(plain);
        } else {
          assertThat(reasonOf(file)).as("bit " + bit).isNotNull();
        }
        raw.seek(at);
        raw.write(bytes[at]);
      }
    }
    assertThat(read(file)).isEqualTo(plain);
  }

  @Test
  void everyCutOfALargeFileAtAChunkBoundaryFailsOnOpening() throws IOException {
    Path file = write("large", TestKeys.data(2_000_000));
    int chunks = 2_000_000 / Layout.CHUNK;
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      for (int chunk = chunks; chunk >= 0; chunk--) {
        for (int shift : new int[] {17, 16, 15, 1, 0, -1, -16}) {
          raw.setLength(Layout.chunkOffset(chunk) + shift);
          assertThat(reasonOf(file))
              .as("chunk " + chunk + ", shift " + shift)
              .isIn(Reason.TRUNCATED, Reason.TAMPERED);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 16400})
  void aFileThatWasMadeLongerFailsOnOpening(int more) throws IOException {
    for (int size : new int[] {0, 100, 16384, 20_000}) {
      Path file = write("longer" + size, TestKeys.data(size));
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) + more));
      assertThat(reasonOf(file)).as("size " + size).isIn(Reason.TRUNCATED, Reason.TAMPERED);
    }
  }

  @Test
  void aFileOfAnotherSizeUnderItsNameIsForeignAlsoInASharedDirectory() throws IOException {
    Path one = write("job/shared/one", TestKeys.data(10));
    Path two = write("job/shared/two", TestKeys.data(20));
    Files.copy(one, two, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(reasonOf(two)).isEqualTo(Reason.FOREIGN);
  }

  @Test
  void aLinkInPlaceOfAFileIsNoWayAroundTheName() throws IOException {
    Path one = write("job/chk-1/_metadata", TestKeys.data(10));
    Path link = Files.createDirectories(dir.resolve("job/chk-2")).resolve("_metadata");
    Files.createSymbolicLink(link, one);
    assertThat(reasonOf(link)).isEqualTo(Reason.FOREIGN);
  }

  @Test
  void noByteOfAnAlteredChunkIsGivenOut() throws IOException {
    byte[] plain = TestKeys.data(3 * Layout.CHUNK);
    Path file = write("leak", plain);
    flip(file, Layout.chunkOffset(1) + Layout.SEALED_CHUNK - 1);
    for (ByteBuffer buffer :
        new ByteBuffer[] {
          ByteBuffer.allocate(3 * Layout.CHUNK), ByteBuffer.allocateDirect(3 * Layout.CHUNK)
        }) {
      try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
        assertThatThrownBy(() -> ((ByteBufferReadable) in).read(0, buffer))
            .isInstanceOf(SealedFileException.class);
        byte[] got = new byte[Layout.CHUNK];
        buffer.get(Layout.CHUNK, got);
        assertThat(got).containsOnly(0);
      }
    }
  }

  @Test
  void theMessageOfALateFailureNamesTheFileAndLaterOnesToo() throws IOException {
    Path file = write("late", TestKeys.data(60_000));
    flip(file, Layout.chunkOffset(2));
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(SealedFileException.class)
          .hasMessageContaining(file + ": chunk 2 is not authentic");
      assertThatThrownBy(() -> in.seek(0))
          .hasMessageContaining(file + ": an earlier read failed")
          .hasRootCauseInstanceOf(javax.crypto.AEADBadTagException.class);
      assertThatThrownBy(() -> in.read(new byte[1], 0, 1)).hasMessageContaining("earlier read");
      assertThatThrownBy(() -> ((ByteBufferReadable) in).read(0, ByteBuffer.allocate(1)))
          .hasMessageContaining("earlier read");
      assertThatThrownBy(() -> in.skip(1)).hasMessageContaining("earlier read");
      assertThatThrownBy(in::available).hasMessageContaining("earlier read");
    }
  }

  @Test
  void aFileCutAfterItWasOpenedFailsWhereItEnds() throws IOException {
    Path file = write("cut", TestKeys.data(4 * Layout.CHUNK));
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file));
        RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.setLength(Layout.chunkOffset(2) + 100);
      in.seek(2L * Layout.CHUNK);
      assertThatThrownBy(in::read).hasMessageContaining("cut short while it was read");
    }
  }

  @Test
  void anotherKeyUnderTheSameIdOpensNothing() throws IOException {
    Path file = write("file", TestKeys.data(10));
    FileSystem other = TestKeys.fileSystem(TestKeys.ring(dir.resolve("other"), "k1", 2));
    assertThatThrownBy(() -> other.open(TestKeys.sealed(file)))
        .isInstanceOfSatisfying(
            SealedFileException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TAMPERED))
        .hasMessageContaining("was not wrapped by key 'k1'");
  }

  @Test
  void aMissingKeyIsNamedWithTheFileAndTheWayOut() throws IOException {
    Path file = write("file", TestKeys.data(10));
    FileSystem other = TestKeys.fileSystem(TestKeys.ring(dir.resolve("other"), "k2", 2));
    assertThatThrownBy(() -> other.open(TestKeys.sealed(file)))
        .isInstanceOfSatisfying(
            SealedFileException.class, e -> assertThat(e.reason()).isEqualTo(Reason.KEY_MISSING))
        .hasMessageContaining(file + ": key 'k1' is not in the key ring")
        .hasMessageContaining("put the key back");
  }

  @Test
  void twoFilesOfOneProcessShareNoSaltAndNoCiphertext() throws IOException {
    byte[] one = Files.readAllBytes(write("one", new byte[64]));
    byte[] two = Files.readAllBytes(write("two", new byte[64]));
    int salt = Layout.HEADER;
    assertThat(Arrays.copyOfRange(one, salt, salt + Layout.SALT))
        .isNotEqualTo(Arrays.copyOfRange(two, salt, salt + Layout.SALT));
    assertThat(Arrays.copyOfRange(one, Layout.PREFIX, one.length))
        .isNotEqualTo(Arrays.copyOfRange(two, Layout.PREFIX, two.length));
  }

  @Test
  void noTwoOfManyFilesOfOneProcessShareASaltAFileIdOrACommitment() throws Exception {
    Path keys = TestKeys.ring(dir.resolve("many"), "k1", 1);
    Sealing sealing = new Sealing(DirectoryKeyRing.open(keys), "", null, NamePolicy.ENFORCE);
    int files = 20_000;
    Set<String> salts = new HashSet<>();
    Set<String> ids = new HashSet<>();
    Set<String> commitments = new HashSet<>();
    for (int i = 0; i < files; i++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      new SealedOutputStream(FileTarget.of(new MemoryOutputStream(bytes)), sealing, "/f", () -> {})
          .close();
      HexFormat hex = HexFormat.of();
      int salt = Layout.HEADER;
      int commitment = salt + Layout.SALT;
      ids.add(hex.formatHex(bytes.toByteArray(), 32, 48));
      salts.add(hex.formatHex(bytes.toByteArray(), salt, commitment));
      commitments.add(hex.formatHex(bytes.toByteArray(), commitment, Layout.PREFIX));
    }
    assertThat(List.of(salts.size(), ids.size(), commitments.size())).containsOnly(files);
  }

  @Test
  void aHeaderMakesNoReaderAllocateMoreThanTheFileHolds() throws IOException {
    byte[] bytes = Files.readAllBytes(write("small", TestKeys.data(10)));
    // Every length field of both slots at its largest, with a right CRC.
    for (int slot : new int[] {Layout.CONTEXT, SLOT_B}) {
      Arrays.fill(bytes, slot, slot + 8, (byte) 0xff);
      java.util.zip.CRC32 crc = new java.util.zip.CRC32();
      crc.update(bytes, slot, Layout.SLOT - 4);
      ByteBuffer.wrap(bytes).putInt(slot + Layout.SLOT - 4, (int) crc.getValue());
    }
    Path file = Files.write(dir.resolve("small"), bytes);
    assertThat(reasonOf(file)).isEqualTo(Reason.TAMPERED);
  }

  private void flip(Path file, long at) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(at);
      int value = raw.read();
      raw.seek(at);
      raw.write(value ^ 1);
    }
  }

  private Reason reasonOf(Path file) throws IOException {
    try {
      read(file);
      return null;
    } catch (SealedFileException e) {
      return e.reason();
    }
  }

  private Path write(String name, byte[] data) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(data);
    }
    return file;
  }

  private byte[] read(Path file) throws IOException {
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      return in.readAllBytes();
    }
  }
}
