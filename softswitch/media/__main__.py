"""``python -m softswitch.media``."""

import sys

from softswitch.media.process import main

sys.exit(main())
