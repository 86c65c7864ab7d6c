// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.runtime.blob.BlobKey;
import org.apache.flink.runtime.blob.FileSystemBlobStore;
import org.apache.flink.runtime.blob.TestBlobKeys;
import org.apache.flink.runtime.persistence.filesystem.FileSystemStateStorageHelper;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.FsCheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory.FsCheckpointStateOutputStream;
import org.flinksec.sealed.format.SealedFileException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Flink's writers of state, metadata, savepoints, blobs and job graphs do with sealed files.
 */
class CheckpointStreamsTest {
  private static final String CANARY = "canary-7f3a9";

  @TempDir Path dir;
  private Path state;
  private FileSystem fs;

  @BeforeEach
  void register() throws IOException {
    Registered.with(dir);
    state = Files.createDirectory(dir.resolve("state"));
    fs = Registered.sealed(state).getFileSystem();
  }

  @AfterEach
  void nothingOnTheVolumeIsPlaintext() throws IOException {
    assertThat(Registered.plaintextFiles(state)).isZero();
    try (Stream<Path> files = Files.walk(state)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(bytes.contains(CANARY)).as(file.toString()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000, 16_384, 20_000, 1_000_000})
  void stateIsReadBackFromItsHandle(int size) throws Exception {
    byte[] data = data(size);
    org.apache.flink.core.fs.Path exclusive = Registered.sealed(state.resolve("job/chk-1"));
    FsCheckpointStateOutputStream out = new FsCheckpointStateOutputStream(exclusive, fs, 4096, 0);
    for (int i = 0; i < size; i += 777) {
      assertThat(out.getPos()).isEqualTo(i);
      out.write(data, i, Math.min(777, size - i));
    }
    StreamStateHandle handle = out.closeAndGetHandle();
    assertThat(handle).isInstanceOf(FileStateHandle.class);
    assertThat(handle.getStateSize()).isEqualTo(size);
    assertThat(contents(handle)).isEqualTo(data);
    handle.discardState();
    assertThat(files()).isZero();
  }

  @Test
  void stateThatIsGivenUpLeavesNoFile() throws Exception {
    FsCheckpointStateOutputStream out =
        new FsCheckpointStateOutputStream(
            Registered.sealed(state.resolve("job/chk-1")), fs, 4096, 0);
    out.write(data(100_000));
    out.flush();
    out.close();
    assertThat(files()).isZero();
  }

  @Test
  void metadataIsSealedAndWrittenOnce() throws Exception {
    org.apache.flink.core.fs.Path chk = Registered.sealed(state.resolve("job/chk-1"));
    org.apache.flink.core.fs.Path metadata = new org.apache.flink.core.fs.Path(chk, "_metadata");
    fs.mkdirs(chk);
    FsCheckpointMetadataOutputStream out = new FsCheckpointMetadataOutputStream(fs, metadata, chk);
    out.write(data(30_000));
    StreamStateHandle handle = out.closeAndFinalizeCheckpoint().getMetadataHandle();
    assertThat(contents(handle)).isEqualTo(data(30_000));
    assertThat(handle.getStateSize()).isEqualTo(30_000);
    assertThat(files()).isEqualTo(1);
    assertThatThrownBy(() -> new FsCheckpointMetadataOutputStream(fs, metadata, chk))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSavepointIsFoundAlsoWhereItWasMoved(boolean configured) throws Exception {
    org.apache.flink.core.fs.Path savepoints = Registered.sealed(state.resolve("savepoints"));
    CheckpointStorageAccess storage =
        new FsCheckpointStorageAccess(
            Registered.sealed(state.resolve("checkpoints")),
            configured ? savepoints : null,
            true,
            new JobID(),
            1024,
            4096);
    var location =
        storage.initializeLocationForSavepoint(1, configured ? null : savepoints.toString());
    String pointer;
    try (var out = location.createMetadataOutputStream()) {
      out.write(data(5_000));
      pointer = out.closeAndFinalizeCheckpoint().getExternalPointer();
    }
    assertThat(pointer).startsWith(savepoints + "/savepoint-");
    assertThat(contents(storage.resolveCheckpoint(pointer).getMetadataHandle()))
        .isEqualTo(data(5_000));

    Path moved = Files.createDirectories(state.resolve("kept")).resolve("savepoint-kept");
    Files.move(Path.of(new org.apache.flink.core.fs.Path(pointer).getPath()), moved);
    CompletedCheckpointStorageLocation found =
        storage.resolveCheckpoint(Registered.sealed(moved).toString());
    assertThat(contents(found.getMetadataHandle())).isEqualTo(data(5_000));
  }

  @Test
  void anOlderCheckpointInPlaceOfANewerOneIsRefused() throws Exception {
    CheckpointStorageAccess storage =
        new FsCheckpointStorageAccess(
            Registered.sealed(state.resolve("checkpoints")), null, true, new JobID(), 1024, 4096);
    storage.initializeBaseLocationsForCheckpoint();
    String older = metadataOf(storage, 41);
    String newer = metadataOf(storage, 42);
    Path from = Path.of(new org.apache.flink.core.fs.Path(older).getPath(), "_metadata");
    Path to = Path.of(new org.apache.flink.core.fs.Path(newer).getPath(), "_metadata");
    Files.copy(from, to, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> contents(storage.resolveCheckpoint(newer).getMetadataHandle()))
        .isInstanceOfSatisfying(
            SealedFileException.class,
            e -> assertThat(e.reason()).isEqualTo(SealedFileException.Reason.FOREIGN))
        .hasMessageContaining("chk-41/_metadata");
  }

  @Test
  void jobGraphsAndCheckpointPointersOfHighAvailabilityAreSealed() throws Exception {
    FileSystemStateStorageHelper<String> store =
        new FileSystemStateStorageHelper<>(Registered.sealed(state.resolve("ha")), "plan");
    assertThat(store.store(CANARY + " plan").retrieveState()).isEqualTo(CANARY + " plan");
    assertThat(files()).isEqualTo(1);
  }

  @Test
  void blobsAreSealed() throws Exception {
    Path blob = Files.write(dir.resolve("blob"), data(50_000));
    BlobKey key = TestBlobKeys.ofHash(MessageDigest.getInstance("SHA-1").digest(data(50_000)));
    JobID job = new JobID();
    try (FileSystemBlobStore store =
        new FileSystemBlobStore(fs, Registered.sealed(state.resolve("blobs")).toString())) {
      assertThat(store.put(blob.toFile(), job, key)).isTrue();
      assertThat(files()).isEqualTo(1);
      Path copy = dir.resolve("copy");
      assertThat(store.get(job, key, copy.toFile())).isTrue();
      assertThat(Files.readAllBytes(copy)).isEqualTo(data(50_000));
      assertThat(store.delete(job, key)).isTrue();
      assertThat(files()).isZero();
    }
  }

  private static String metadataOf(CheckpointStorageAccess storage, long id) throws Exception {
    try (var out = storage.initializeLocationForCheckpoint(id).createMetadataOutputStream()) {
      out.write(data(1_000));
      return out.closeAndFinalizeCheckpoint().getExternalPointer();
    }
  }

  private static byte[] contents(StreamStateHandle handle) throws IOException {
    try (FSDataInputStream in = handle.openInputStream()) {
      return in.readAllBytes();
    }
  }

  private long files() throws IOException {
    try (Stream<Path> found = Files.walk(state)) {
      return found.filter(Files::isRegularFile).count();
    }
  }

  /** Random bytes with the canary in front, as far as it fits. */
  private static byte[] data(int size) {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    byte[] canary = CANARY.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(canary, 0, data, 0, Math.min(size, canary.length));
    return data;
  }
}
