// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.runtime.blob;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flink's own tests of its blob store, which are seen in this package only, on any file system. */
public abstract class BlobStoreSuite extends FileSystemBlobStoreTest {
  private FileSystemBlobStore store;
  private Path directory;

  /** The same directory with a scheme in front. */
  protected abstract org.apache.flink.core.fs.Path withScheme(Path local) throws IOException;

  @Override
  @BeforeEach
  void createTestInstance(@TempDir Path local) throws IOException {
    directory = local;
    org.apache.flink.core.fs.Path base = withScheme(local);
    store = new FileSystemBlobStore(base.getFileSystem(), base.toString());
    set("testInstance", store);
    set("storagePath", local);
  }

  private void set(String field, Object value) {
    try {
      var found = FileSystemBlobStoreTest.class.getDeclaredField(field);
      found.setAccessible(true);
      found.set(this, value);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("Flink's test has changed", e);
    }
  }

  /** Flink's compares the stored file's bytes with the blob's; here they are read back. */
  @Override
  @Test
  void testSuccessfulPut() throws IOException {
    Path blob = Files.writeString(directory.resolve("to put"), "put");
    JobID job = new JobID();
    BlobKey key =
        TestBlobKeys.ofHash(BlobUtils.createMessageDigest().digest("put".getBytes(UTF_8)));
    assertThat(directory.resolve("blob")).doesNotExist();
    assertThat(store.put(blob.toFile(), job, key)).isTrue();
    assertThat(directory.resolve("blob").resolve("job_" + job)).isDirectory();
    assertThat(stored()).singleElement().satisfies(file -> assertThat(file).isNotEmptyFile());
    Path copy = Files.createFile(directory.resolve("copy"));
    assertThat(store.get(job, key, copy.toFile())).isTrue();
    assertThat(copy).hasContent("put");
  }

  /** The files of blobs. */
  protected final List<Path> stored() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("blob"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
