// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.net.URI;

/** Reads addresses of servers. */
final class Addresses {
  private static final int HTTPS = 443;
  private static final int HTTP = 80;

  private Addresses() {}

  /**
   * @param setting names the address, for messages
   * @return scheme, host, port (that of the scheme if none is given), and the path without a slash
   *     at its end
   * @throws IllegalArgumentException for anything but {@code http(s)://host[:port][/path]};
   *     credentials in the address are refused without being repeated
   */
  static URI parse(String section, String setting, String address) {
    String name = section + "." + setting;
    URI uri;
    try {
      uri = URI.create(address);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " holds an address that is no URL", e.getCause());
    }
    if (uri.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "%s holds credentials in an address; use %s.username and %s.password"
              .formatted(name, section, section));
    }
    String scheme = uri.getScheme();
    boolean http = "https".equals(scheme) || "http".equals(scheme);
    if (!http || uri.getHost() == null || uri.getQuery() != null || uri.getFragment() != null) {
      throw new IllegalArgumentException(
          "%s holds '%s', which is not of the form https://host:port".formatted(name, address));
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? HTTPS : HTTP;
    return URI.create(scheme + "://" + uri.getHost() + ":" + port + path);
  }
}
