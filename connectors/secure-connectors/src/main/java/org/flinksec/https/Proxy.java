// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.Serializable;
import java.net.URI;

/**
 * An HTTP proxy that all connections go through: for HTTPS a tunnel (CONNECT), of which it sees the
 * server's name and port alone.
 *
 * @param address {@code http://host:port}
 * @param username for Basic authentication at the proxy; null for none
 * @param passwordFile holds the password
 */
public record Proxy(URI address, String username, String passwordFile) implements Serializable {
  /** Takes {@code proxy}, {@code proxy_username}, {@code proxy_password}; null for no proxy. */
  static Proxy take(FlatSettings flat) {
    String address = flat.optional("proxy");
    String username = flat.optional("proxy_username");
    String password = flat.optional("proxy_password");
    if ((username == null) != (password == null) || (address == null && username != null)) {
      throw new IllegalArgumentException(
          "%1$s.proxy_username and %1$s.proxy_password only go together, and with %1$s.proxy"
              .formatted(flat.section()));
    }
    return address == null
        ? null
        : new Proxy(Addresses.parse(flat.section(), "proxy", address), username, password);
  }
}
