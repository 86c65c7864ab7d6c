// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.function.Supplier;
import org.elasticsearch.ElasticsearchSecurityException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.http.netty4.internal.HttpValidator;
import org.elasticsearch.rest.RestStatus;

/** Refuses requests that do not carry one of the accepted credentials. */
final class Credentials implements HttpValidator {
  private final Supplier<List<String>> accepted;

  /**
   * @param accepted values of the header {@code Authorization}, asked for at each request: users
   *     change their passwords while a server runs
   */
  Credentials(Supplier<List<String>> accepted) {
    this.accepted = accepted;
  }

  @Override
  public void validate(HttpRequest request, Channel channel, ActionListener<Void> listener) {
    if (areAccepted(request.headers().getAll("Authorization"))) {
      listener.onResponse(null);
    } else {
      listener.onFailure(
          new ElasticsearchSecurityException(
              "missing or wrong credentials", RestStatus.UNAUTHORIZED));
    }
  }

  private boolean areAccepted(List<String> authorizations) {
    if (authorizations.size() != 1) {
      return false;
    }
    byte[] given = bytes(authorizations.get(0));
    return accepted.get().stream().anyMatch(one -> MessageDigest.isEqual(bytes(one), given));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
