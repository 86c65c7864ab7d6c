// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import org.elasticsearch.ElasticsearchSecurityException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.http.netty4.internal.HttpValidator;
import org.elasticsearch.rest.RestStatus;

/** Refuses requests that do not carry one of the accepted credentials. */
final class Credentials implements HttpValidator {
  private final List<byte[]> accepted;

  /**
   * @param acceptedAuthorizations values of the header {@code Authorization}
   */
  Credentials(List<String> acceptedAuthorizations) {
    this.accepted = acceptedAuthorizations.stream().map(Credentials::bytes).toList();
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
    return accepted.stream().anyMatch(one -> MessageDigest.isEqual(one, given));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
