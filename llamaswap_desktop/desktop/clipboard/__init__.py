"""The user's clipboard: text only, and one way: in."""

import sys

if sys.platform == "win32":
    from llamaswap_desktop.desktop.clipboard.windows import can_copy, copy_text
else:
    from llamaswap_desktop.desktop.clipboard.linux import can_copy, copy_text

__all__ = ["can_copy", "copy_text"]
