// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.util.Map;
import java.util.function.BiConsumer;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.http.HttpPreRequest;
import org.elasticsearch.http.HttpRouteStats;
import org.elasticsearch.http.HttpServerTransport.Dispatcher;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;

/**
 * Has the node take from each request what it keeps while it works on it, such as a request's name.
 *
 * @param node dispatches
 * @param prepare takes it
 */
record PerRequest(Dispatcher node, BiConsumer<HttpPreRequest, ThreadContext> prepare)
    implements Dispatcher {
  @Override
  public void dispatchRequest(RestRequest request, RestChannel channel, ThreadContext context) {
    try {
      prepare.accept(request.getHttpRequest(), context);
    } catch (RuntimeException error) {
      node.dispatchBadRequest(channel, context, error);
      return;
    }
    node.dispatchRequest(request, channel, context);
  }

  @Override
  public void dispatchBadRequest(RestChannel channel, ThreadContext context, Throwable cause) {
    node.dispatchBadRequest(channel, context, cause);
  }

  @Override
  public Map<String, HttpRouteStats> getStats() {
    return node.getStats();
  }
}
