"""Tapes: calls and their replies, scrubbed, to be replayed and compared with the emulator."""
