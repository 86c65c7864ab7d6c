// SPDX-License-Identifier: Apache-2.0
/**
 * How Elasticsearch and OpenSearch are reached: settings, the client, the first contact. Of
 * documents nothing is known here.
 */
package org.flinksec.elasticsearch.connection;
