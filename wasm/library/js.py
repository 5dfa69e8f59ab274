"""JavaScript's global scope.

What `import js` gives takes this module's place: every attribute is asked of the realm of the thread that asks.
"""

import sys

try:
    from weft import _js_globals
except ImportError:
    raise ImportError("Weft's solo profile has no module js: give Python functions of the host's instead") from None

sys.modules[__name__] = _js_globals()
