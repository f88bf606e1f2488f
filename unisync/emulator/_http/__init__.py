"""Serving the emulator over HTTP, or in process."""
