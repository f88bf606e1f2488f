"""`python -m unisync`: the same as the command `unisync`."""

import sys

from unisync.cli import main

sys.exit(main())
