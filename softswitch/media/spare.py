"""A media process that has loaded all that it needs, and waits for its arguments: a line of JSON on its standard input.

The supervisor keeps one, for whichever media process dies: loading takes some 0.4 s, in which all calls of the dead
one would be silent. Without a line, which is when the supervisor ends, it ends too.
"""

import json
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is there, as in ``__main__``

from softswitch.media.process import main

if __name__ == "__main__":
    line = sys.stdin.readline()
    sys.exit(main(json.loads(line)) if line else 0)
