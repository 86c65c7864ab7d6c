// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.lang.reflect.Field;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.flinksec.timestamps.Parts;

/**
 * Flink's Kafka source, which fails where it has to go on at an offset that is not there.
 *
 * <p>Flink's own has the consumer go to the earliest or the latest record instead, whichever it
 * began at: what has expired is passed over, or a topic is read again, and only a line at INFO says
 * so. Its builder lets nobody choose otherwise, so that the properties are changed in what it has
 * built; the release of the connector is fixed, and a test runs every field.
 *
 * <p>One that ends where a group was ends there, also after a restart: see {@link EndingOffsets}.
 *
 * <p>A partition of it is idle only while the brokers have confirmed that all in it has been read,
 * if its watermarks are those of {@link org.flinksec.timestamps.IdleOnceRead}.
 */
public final class LosslessSource<T>
    implements Source<T, KafkaPartitionSplit, KafkaSourceEnumState>,
        ResultTypeQueryable<T>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  /** The property that says {@code earliest} if a job is to go on there; else it fails. */
  static final String ON_LOST = "flinksec.on.lost.offsets";

  private final KafkaSource<T> source;

  private LosslessSource(KafkaSource<T> source) {
    this.source = source;
  }

  /**
   * Makes a source fail where it would lose records.
   *
   * @param source just built; it is changed
   */
  public static <T> LosslessSource<T> of(KafkaSource<T> source) {
    try {
      Properties properties = (Properties) field("props").get(source);
      Field start = field("startingOffsetsInitializer");
      start.set(source, new StartingOffsets((OffsetsInitializer) start.get(source)));
      if (source.getBoundedness() == Boundedness.BOUNDED) {
        Field end = field("stoppingOffsetsInitializer");
        end.set(source, new EndingOffsets((OffsetsInitializer) end.get(source)));
      }
      properties.setProperty(
          ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, properties.getProperty(ON_LOST, "none"));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("another release of Flink's Kafka connector", e);
    }
    return new LosslessSource<>(source);
  }

  private static Field field(String name) throws NoSuchFieldException {
    Field field = KafkaSource.class.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  @Override
  public SourceReader<T, KafkaPartitionSplit> createReader(SourceReaderContext context)
      throws Exception {
    Parts partitions = new Parts();
    partitions.awaitAssignment();
    if (getBoundedness() == Boundedness.BOUNDED) {
      partitions.areBounded();
    }
    return new LosslessReader<>(
        ConfirmingReader.in(source, source.createReader(context), context, partitions),
        context,
        partitions);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    SettlingContext<KafkaPartitionSplit> settling = settling(context);
    return new SettlingEnumerator<>(source.createEnumerator(settling), settling);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state)
      throws Exception {
    SettlingContext<KafkaPartitionSplit> settling = settling(context);
    return new SettlingEnumerator<>(source.restoreEnumerator(settling, state), settling);
  }

  private static SettlingContext<KafkaPartitionSplit> settling(
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    return new SettlingContext<>(
        context, reader -> context.sendEventToSourceReader(reader, new AllAssigned()));
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
    return source.getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
    return source.getEnumeratorCheckpointSerializer();
  }

  @Override
  public LineageVertex getLineageVertex() {
    return source.getLineageVertex();
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return source.getProducedType();
  }
}
