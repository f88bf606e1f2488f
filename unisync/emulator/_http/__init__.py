"""How requests reach the emulator: over HTTP on a socket, or in process."""
