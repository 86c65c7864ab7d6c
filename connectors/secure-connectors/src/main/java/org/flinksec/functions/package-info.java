// SPDX-License-Identifier: Apache-2.0
/** Python functions that get records in batches, with the state of their keys. */
package org.flinksec.functions;
