// SPDX-License-Identifier: Apache-2.0

/** Apache Parquet: files of columns. */
package org.flinksec.formats.parquet;
