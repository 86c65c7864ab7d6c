// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/** Where a bad record came from, or was to go. */
public sealed interface Origin {
  /** The one record, for messages; nothing of its content, to which an id belongs. */
  String one();

  /** All records that go this way, for counts of what was left out. */
  String all();

  /** A record of a topic. */
  record Kafka(String topic, int partition, long offset) implements Origin {
    @Override
    public String one() {
      return "the Kafka record at topic %s, partition %d, offset %d"
          .formatted(topic, partition, offset);
    }

    @Override
    public String all() {
      return "records of the Kafka topic " + topic;
    }
  }

  /**
   * A document for an index.
   *
   * @param index the index, alias or data stream
   * @param id its id; null where it has none, or none that is known
   */
  record Document(String index, String id) implements Origin {
    @Override
    public String one() {
      return "a document for index '%s'".formatted(index);
    }

    @Override
    public String all() {
      return "documents for the Elasticsearch index " + index;
    }
  }

  /**
   * What a function of the job got.
   *
   * @param function its name
   */
  record Element(String function) implements Origin {
    @Override
    public String one() {
      return "an element of the function " + function;
    }

    @Override
    public String all() {
      return "elements of the function " + function;
    }
  }

  /**
   * What was to be written to a topic.
   *
   * @param topic the topic
   */
  record Target(String topic) implements Origin {
    @Override
    public String one() {
      return "a record for the Kafka topic " + topic;
    }

    @Override
    public String all() {
      return "records for the Kafka topic " + topic;
    }
  }

  /**
   * A record of a file.
   *
   * @param path of the file
   * @param position of the record in it, such as {@code line 17}
   */
  record File(String path, String position) implements Origin {
    @Override
    public String one() {
      return "the record at %s of the file %s".formatted(position, path);
    }

    @Override
    public String all() {
      int end = path.lastIndexOf('/');
      return "records of files in " + (end < 0 ? path : path.substring(0, end));
    }
  }
}
