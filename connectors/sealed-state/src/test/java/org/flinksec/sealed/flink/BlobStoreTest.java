// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.runtime.blob.BlobStoreSuite;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Flink's tests of its blob store, on a sealed directory. */
class BlobStoreTest extends BlobStoreSuite {
  @TempDir Path keys;
  private Path base;

  @Override
  protected org.apache.flink.core.fs.Path withScheme(Path local) throws IOException {
    Registered.with(keys);
    base = local;
    return Registered.sealed(local);
  }

  @AfterEach
  void everyBlobIsSealed() throws IOException {
    if (Files.exists(base.resolve("blob"))) {
      assertThat(Registered.plaintextFiles(base.resolve("blob"))).isZero();
    }
  }
}
