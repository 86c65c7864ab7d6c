// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.PendingSplitsCheckpoint;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.SimpleCounter;
import org.flinksec.timestamps.Parts;
import org.flinksec.timestamps.PartsReader;

/** Flink's own source of files, whose records are rows of a format, good ones and bad ones. */
public final class DirectorySource
    implements Source<Object, FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>>,
        ResultTypeQueryable<Object> {
  private static final long serialVersionUID = 1L;

  private final FileReading said;

  DirectorySource(FileReading said) {
    this.said = said;
  }

  private FileSource<Object> source(RowsOfFiles format) {
    boolean watches = said.watchMillis > 0;
    RecordFiles files = said.files;
    long part = said.part;
    FileSource.FileSourceBuilder<Object> builder =
        FileSource.forBulkFileFormat(format, new Path(said.directory))
            .setFileEnumerator(() -> new DirectoryEnumerator(files, watches, part))
            .setSplitAssigner(InOrder::new);
    return (watches
            ? builder.monitorContinuously(Duration.ofMillis(said.watchMillis))
            : builder.processStaticFileSet())
        .build();
  }

  private FileSource<Object> source() {
    return source(new RowsOfFiles(said, new SimpleCounter()));
  }

  private WatchedFiles watching(
      SplitEnumeratorContext<FileSourceSplit> context,
      Collection<FileSourceSplit> waiting,
      Collection<Path> known) {
    DirectoryEnumerator files = new DirectoryEnumerator(said.files, true, said.part);
    return new WatchedFiles(
        context, files, new Path(said.directory), said.watchMillis, waiting, known);
  }

  @Override
  public Boundedness getBoundedness() {
    return source().getBoundedness();
  }

  @Override
  public SourceReader<Object, FileSourceSplit> createReader(SourceReaderContext context) {
    RowsOfFiles format =
        new RowsOfFiles(
            said, context.metricGroup().addGroup("flinksec").counter("undecodableRecords"));
    // Of which none is told that it has been read: a file has no end before it ends.
    Parts files = new Parts();
    if (said.watchMillis == 0) {
      files.areBounded();
    }
    return new PartsReader<>(source(format).createReader(context), context, files);
  }

  @Override
  public SplitEnumerator<FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>>
      createEnumerator(SplitEnumeratorContext<FileSourceSplit> context) {
    return said.watchMillis > 0
        ? watching(context, List.of(), List.of())
        : source().createEnumerator(context);
  }

  @Override
  public SplitEnumerator<FileSourceSplit, PendingSplitsCheckpoint<FileSourceSplit>>
      restoreEnumerator(
          SplitEnumeratorContext<FileSourceSplit> context,
          PendingSplitsCheckpoint<FileSourceSplit> checkpoint) {
    return said.watchMillis > 0
        ? watching(context, checkpoint.getSplits(), checkpoint.getAlreadyProcessedPaths())
        : source().restoreEnumerator(context, checkpoint);
  }

  @Override
  public SimpleVersionedSerializer<FileSourceSplit> getSplitSerializer() {
    return source().getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<PendingSplitsCheckpoint<FileSourceSplit>>
      getEnumeratorCheckpointSerializer() {
    return source().getEnumeratorCheckpointSerializer();
  }

  @Override
  @SuppressWarnings("unchecked") // it gives nothing else
  public TypeInformation<Object> getProducedType() {
    TypeInformation<?> type =
        said.letters ? FileLetters.type(said.shape.rowType()) : said.shape.rowType();
    return (TypeInformation<Object>) type;
  }
}
