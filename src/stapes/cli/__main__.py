"""``python -m stapes.cli`` is ``stapes``."""

import sys

from stapes.cli import main

sys.exit(main())
