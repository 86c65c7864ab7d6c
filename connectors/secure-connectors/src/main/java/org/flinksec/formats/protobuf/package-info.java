// SPDX-License-Identifier: Apache-2.0

/** Protobuf as a format of records, by a descriptor file that protoc writes. */
package org.flinksec.formats.protobuf;
