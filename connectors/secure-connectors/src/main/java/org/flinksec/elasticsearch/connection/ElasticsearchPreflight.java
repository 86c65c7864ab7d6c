// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import java.util.List;
import java.util.Map;

/** Tries settings before a job is submitted. */
public final class ElasticsearchPreflight {
  private ElasticsearchPreflight() {}

  /**
   * Speaks to every host, with the certificates and credentials of the settings.
   *
   * @param connection how Elasticsearch is reached, see {@link ConnectionSettings#parse}
   * @param indices those that a job writes; none asks for the connection and the login alone
   * @return empty if at least one host lets the job in and nothing is wrong with the settings; else
   *     what is wrong, naming the setting and the host
   */
  public static String check(Map<String, String> connection, List<String> indices) {
    try {
      ConnectionSettings settings = ConnectionSettings.parse(connection);
      List<String> silent = FirstContact.make(settings, indices);
      return silent.size() < settings.https().servers().size()
          ? ""
          : "elasticsearch.hosts: no answer from " + String.join(", ", silent);
    } catch (IllegalArgumentException | ConnectionException e) {
      return e.getMessage();
    }
  }
}
