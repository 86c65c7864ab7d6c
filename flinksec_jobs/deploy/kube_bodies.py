# SPDX-License-Identifier: Apache-2.0
"""Objects as the API server reads them: JSON that is the same as YAML.

What is applied is read as YAML. That refuses JSON's pairs of escapes for a character outside the
BMP, takes U+0085, U+2028 and U+2029 for ends of lines, and refuses DEL and the like, so those pairs
are written as the character, and the rest as escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# YAML has no line break or special character among those outside the BMP.
_ESCAPED = re.compile("[^\x20-\x7e\U00010000-\U0010ffff]")


def as_yaml(content: Mapping[str, Any]) -> bytes:
    """Return an object as JSON on one line that a reader of YAML reads as the same.

    Args:
        content: without half a surrogate; see `is_unicode`.
    """
    text = json.dumps(content, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def is_unicode(content: object) -> bool:
    """Whether all texts in it are of characters: half a surrogate is none."""
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
