// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.net.URI;

/** Reads the address of a server. */
final class Hosts {
  private static final int DEFAULT_PORT = 9200;

  private Hosts() {}

  /**
   * @return scheme, host and port; the port is 9200 where none is given
   * @throws IllegalArgumentException for anything but {@code http(s)://host[:port]}; credentials in
   *     the address are refused without being repeated
   */
  static URI parse(String address) {
    URI uri;
    try {
      uri = URI.create(address);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "elasticsearch.hosts holds an address that is no URL", e.getCause());
    }
    if (uri.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "elasticsearch.hosts holds credentials in an address; use elasticsearch.username and"
              + " elasticsearch.password");
    }
    boolean bare = uri.getPath() == null || uri.getPath().isEmpty() || uri.getPath().equals("/");
    boolean http = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
    if (!http || uri.getHost() == null || !bare || uri.getQuery() != null) {
      throw new IllegalArgumentException(
          "elasticsearch.hosts holds '%s', which is not of the form https://host:9200"
              .formatted(address));
    }
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    return URI.create(uri.getScheme() + "://" + uri.getHost() + ":" + port);
  }
}
