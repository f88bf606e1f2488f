"""`python -m unisync`: the same as the command `unisync`."""

from unisync.cli import main

main()
