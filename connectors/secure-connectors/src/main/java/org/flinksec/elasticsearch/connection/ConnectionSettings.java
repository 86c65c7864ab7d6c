// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.flinksec.https.FlatSettings;
import org.flinksec.https.HttpsSettings;

/**
 * How Elasticsearch is reached. It travels in the job graph: credentials are paths, never values.
 *
 * @param https where it is, what is checked of it, and who the job is
 * @param compress whether requests are compressed, and answers may be
 * @param sniff whether the cluster is asked for its nodes, which then take the place of the hosts
 */
public record ConnectionSettings(HttpsSettings https, boolean compress, boolean sniff)
    implements Serializable {
  /** Refuses what contradicts itself. */
  public ConnectionSettings {
    List<URI> hosts = https.servers();
    if (hosts.stream().map(URI::getPath).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "elasticsearch.hosts have different paths behind their ports");
    }
    if (sniff && !hosts.get(0).getPath().isEmpty()) {
      throw new IllegalArgumentException(
          "elasticsearch.sniff does not go with a path in elasticsearch.hosts: nodes do not know"
              + " it");
    }
  }

  /**
   * Reads flat settings, which have the names of those under {@code [elasticsearch]}: {@code hosts}
   * (separated by commas), what {@link HttpsSettings#take} takes, {@code compress}, {@code sniff}.
   * Secrets are paths. Only the first is required.
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  public static ConnectionSettings parse(Map<String, String> settings) {
    FlatSettings flat = new FlatSettings("elasticsearch", settings);
    ConnectionSettings parsed = take(flat);
    flat.requireAllTaken();
    return parsed;
  }

  /** Takes these settings out of flat ones that hold others, too. */
  public static ConnectionSettings take(FlatSettings flat) {
    return new ConnectionSettings(
        HttpsSettings.take(flat, "hosts"), flat.flag("compress", true), flat.flag("sniff", false));
  }

  /** The same for one host alone, and with another patience. */
  ConnectionSettings only(URI host, Duration patience) {
    return new ConnectionSettings(https.only(host, patience), compress, false);
  }

  /** What stands between the port and the paths of Elasticsearch; empty for nothing. */
  String pathPrefix() {
    return https.servers().get(0).getPath();
  }

  /** Whether connections are encrypted. */
  public boolean encrypted() {
    return https.encrypted();
  }

  /** All hosts, for a message. */
  public String hostList() {
    return https.list();
  }
}
