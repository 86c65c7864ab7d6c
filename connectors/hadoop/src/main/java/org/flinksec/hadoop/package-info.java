// SPDX-License-Identifier: Apache-2.0
/** What Hadoop's client is given in every JVM of a job that uses HDFS. */
package org.flinksec.hadoop;
