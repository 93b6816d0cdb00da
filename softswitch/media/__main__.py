"""``python -m softswitch.media``."""

import os
import sys

# Before numpy is there: for small matrices a second thread costs more than it saves, and takes it from control's core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from softswitch.media.process import main

sys.exit(main())
