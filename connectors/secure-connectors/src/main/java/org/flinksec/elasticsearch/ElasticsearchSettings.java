// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/**
 * The sink's settings. It travels in the job graph: credentials are paths, never values.
 *
 * @param hosts {@code https://host:port}, at least one, all of one scheme
 * @param index the index, alias or data stream
 * @param idField the field that identifies a document; null to let Elasticsearch choose
 * @param tls what is checked of the servers, and this client's certificate
 * @param username for Basic authentication, together with {@code passwordFile}
 * @param passwordFile path of a file that holds the password
 * @param apiKeyFile path of a file that holds an API key, encoded or as {@code id:key}
 * @param limits how much is batched, buffered and in flight
 * @param onError what happens to a document that cannot be sent, or is refused for good
 * @param maxSkipped how many documents may be left out in a row; 0 for any number
 */
record ElasticsearchSettings(
    List<URI> hosts,
    String index,
    String idField,
    TlsSettings tls,
    String username,
    String passwordFile,
    String apiKeyFile,
    Limits limits,
    OnBadRecord onError,
    int maxSkipped)
    implements Serializable {

  /**
   * @param maxBatchSize documents in one request, at most; 1000
   * @param maxBatchBytes bytes of one request before compression, and of one document; 5 MiB
   * @param maxInFlight requests at the same time, per parallel writer; 4
   * @param maxBuffered documents waiting before the writer stops taking more; 10000
   * @param flushIntervalMillis how long a document waits for its batch to fill; 1000
   * @param retryTimeoutMillis how long a document is retried before the job fails; 5 minutes
   */
  record Limits(
      int maxBatchSize,
      int maxBatchBytes,
      int maxInFlight,
      int maxBuffered,
      int flushIntervalMillis,
      int retryTimeoutMillis)
      implements Serializable {}

  ElasticsearchSettings {
    hosts = List.copyOf(hosts);
    requireOneScheme(hosts);
    if ((username == null) != (passwordFile == null)) {
      throw new IllegalArgumentException(
          "elasticsearch.username and elasticsearch.password only go together");
    }
    if (username != null && apiKeyFile != null) {
      throw new IllegalArgumentException(
          "elasticsearch.api_key and elasticsearch.username exclude each other");
    }
    if (limits.maxBuffered <= limits.maxBatchSize) {
      throw new IllegalArgumentException("max_buffered must be greater than max_batch_size");
    }
  }

  /**
   * Reads flat settings: {@code hosts} (separated by commas), {@code index}, {@code id_field},
   * {@code verification}, {@code ca_certs}, {@code fingerprint}, {@code client_cert}, {@code
   * client_key}, {@code username}, {@code password_file}, {@code api_key_file}, {@code
   * max_batch_size}, {@code max_batch_bytes}, {@code max_in_flight}, {@code max_buffered}, {@code
   * flush_interval_ms}, {@code retry_timeout_ms}, {@code on_error}, {@code max_skipped_in_a_row}.
   * Only the first two are required.
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  static ElasticsearchSettings parse(Map<String, String> settings) {
    FlatSettings flat = new FlatSettings(settings);
    List<URI> hosts =
        Arrays.stream(flat.required("hosts").split(","))
            .map(String::strip)
            .map(Hosts::parse)
            .toList();
    ElasticsearchSettings parsed =
        new ElasticsearchSettings(
            hosts,
            flat.required("index"),
            flat.optional("id_field"),
            tls(flat, hosts.get(0).getScheme().equals("https")),
            flat.optional("username"),
            flat.optional("password_file"),
            flat.optional("api_key_file"),
            limits(flat),
            OnBadRecord.parse(flat.optional(OnBadRecord.ARGUMENT, OnBadRecord.FAIL.word())),
            flat.atLeast(0, "max_skipped_in_a_row", SkipBrake.DEFAULT));
    flat.requireAllTaken();
    return parsed;
  }

  private static Limits limits(FlatSettings flat) {
    int maxBatchSize = flat.positive("max_batch_size", 1000);
    return new Limits(
        maxBatchSize,
        flat.positive("max_batch_bytes", 5 * 1024 * 1024),
        flat.positive("max_in_flight", 4),
        flat.positive("max_buffered", 10 * maxBatchSize),
        flat.positive("flush_interval_ms", 1000),
        flat.positive("retry_timeout_ms", 300_000));
  }

  private static TlsSettings tls(FlatSettings flat, boolean https) {
    String verification = flat.optional("verification");
    try {
      TlsSettings tls =
          new TlsSettings(
              Verification.parse(verification == null ? "full" : verification),
              flat.optional("ca_certs"),
              flat.optional("fingerprint"),
              flat.optional("client_cert"),
              flat.optional("client_key"));
      if (!https && (verification != null || !tls.equals(TlsSettings.full(null)))) {
        throw new IllegalArgumentException("TLS settings are given, but hosts say http://");
      }
      return tls;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("elasticsearch: " + e.getMessage(), e);
    }
  }

  private static void requireOneScheme(List<URI> hosts) {
    if (hosts.stream().map(URI::getScheme).distinct().count() != 1) {
      throw new IllegalArgumentException("elasticsearch.hosts mixes http:// and https://");
    }
  }

  boolean encrypted() {
    return hosts.get(0).getScheme().equals("https");
  }

  String hostList() {
    return hosts.stream().map(URI::toString).collect(Collectors.joining(", "));
  }
}
