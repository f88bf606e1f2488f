"""The emulator by itself: unmodified boto3 in front of it, nothing of the library."""
