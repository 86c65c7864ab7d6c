// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.FileSourceSplitSerializer;
import org.apache.flink.connector.file.src.PendingSplitsCheckpoint;
import org.apache.flink.connector.file.src.PendingSplitsCheckpointSerializer;
import org.apache.flink.connector.file.src.impl.ContinuousFileSplitEnumerator;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are given to readers while they come and go, and what is remembered of them. */
class WatchedFilesTest {
  @TempDir java.nio.file.Path directory;

  private final List<String> given = new ArrayList<>();
  private Runnable look = () -> {};

  @SuppressWarnings("unchecked") // callAsync has the types of what it is given
  private SplitEnumeratorContext<FileSourceSplit> context() {
    return (SplitEnumeratorContext<FileSourceSplit>)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {SplitEnumeratorContext.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "callAsync" -> {
                  Callable<Object> call = (Callable<Object>) arguments[0];
                  BiConsumer<Object, Throwable> then = (BiConsumer<Object, Throwable>) arguments[1];
                  look =
                      () -> {
                        try {
                          then.accept(call.call(), null);
                        } catch (Exception e) {
                          then.accept(null, e);
                        }
                      };
                }
                case "assignSplit" -> given.add(((FileSourceSplit) arguments[0]).path().getName());
                case "registeredReaders" -> {
                  return Map.of(0, new ReaderInfo(0, "here"));
                }
                default -> throw new AssertionError(method);
              }
              return null;
            });
  }

  private WatchedFiles watching(List<FileSourceSplit> waiting, List<Path> known) {
    WatchedFiles files =
        new WatchedFiles(
            context(),
            new DirectoryEnumerator(null, true, 0),
            new Path(directory.toUri()),
            10,
            waiting,
            known);
    files.start();
    return files;
  }

  private void write(String... names) throws Exception {
    for (String name : names) {
      Files.writeString(directory.resolve(name), "x");
    }
  }

  private static long size(PendingSplitsCheckpoint<FileSourceSplit> state) throws Exception {
    return new PendingSplitsCheckpointSerializer<>(FileSourceSplitSerializer.INSTANCE)
        .serialize(state)
        .length;
  }

  /** Looks, and lets one reader ask until it has all that is there. */
  private void read(SplitEnumerator<?, ?> files) {
    look.run();
    int before;
    do {
      before = given.size();
      files.handleSplitRequest(0, "here");
    } while (given.size() > before);
  }

  @Test
  void eachFileIsGivenOnceAndItsPathIsForgottenWhenItIsRemoved() throws Exception {
    WatchedFiles files = watching(List.of(), List.of());
    write("a", "b");
    read(files);
    write("c");
    read(files);
    read(files);
    assertThat(given).containsExactly("a", "b", "c");
    long ofThree = size(files.snapshotState(1));
    Files.delete(directory.resolve("a"));
    Files.delete(directory.resolve("b"));
    read(files);
    assertThat(files.snapshotState(2).getAlreadyProcessedPaths())
        .extracting(Path::getName)
        .containsExactly("c");
    // A path takes its length and four bytes.
    long each = 4 + new Path(new Path(directory.toUri()), "a").toString().length();
    assertThat(size(files.snapshotState(2))).isEqualTo(ofThree - 2 * each);
    write("a");
    read(files);
    assertThat(given).containsExactly("a", "b", "c", "a");
  }

  @Test
  void nothingIsForgottenWhileTheDirectoryCannotBeListed() throws Exception {
    WatchedFiles files = watching(List.of(), List.of());
    write("a");
    read(files);
    java.nio.file.Path away = directory.resolveSibling("away-" + directory.getFileName());
    Files.move(directory, away);
    read(files);
    Files.move(away, directory);
    read(files);
    assertThat(given).containsExactly("a");
  }

  @Test
  void itGoesOnFromTheStateOfFlinksOwn() throws Exception {
    write("a", "b");
    var flinks =
        new ContinuousFileSplitEnumerator(
            context(),
            new DirectoryEnumerator(null, true, 0),
            new InOrder(List.of()),
            new Path[] {new Path(directory.toUri())},
            List.of(),
            10);
    flinks.start();
    flinks.handleSplitRequest(0, "here");
    look.run();
    assertThat(given).containsExactly("a");
    PendingSplitsCheckpoint<FileSourceSplit> state = flinks.snapshotState(1);
    write("c");
    WatchedFiles files =
        watching(List.copyOf(state.getSplits()), List.copyOf(state.getAlreadyProcessedPaths()));
    read(files);
    assertThat(given).containsExactly("a", "b", "c");
  }
}
