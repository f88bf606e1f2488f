"""`python -m unisync`: the command `unisync`."""

import sys

from unisync.cli import main

sys.exit(main())
