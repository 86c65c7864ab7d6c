// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.highavailability.FileSystemJobResultStore;
import org.apache.flink.runtime.highavailability.JobResultStore;
import org.apache.flink.runtime.highavailability.JobResultStoreContractTest;
import org.apache.flink.runtime.highavailability.JobResultStoreOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Flink's contract for job results, which are renamed after they were written. */
class JobResultsTest implements JobResultStoreContractTest {
  @TempDir Path dir;

  @Override
  public JobResultStore createJobResultStore() throws IOException {
    Registered.with(dir);
    org.apache.flink.core.fs.Path base = Registered.sealed(dir.resolve("results"));
    Configuration config =
        new Configuration()
            .set(JobResultStoreOptions.STORAGE_PATH, base.toString())
            .set(JobResultStoreOptions.DELETE_ON_COMMIT, false);
    return FileSystemJobResultStore.fromConfiguration(config, Runnable::run);
  }

  @AfterEach
  void everyResultIsSealed() throws IOException {
    if (Files.exists(dir.resolve("results"))) {
      assertThat(Registered.plaintextFiles(dir.resolve("results"))).isZero();
    }
  }
}
