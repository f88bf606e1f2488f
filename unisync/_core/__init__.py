"""The engine that runs calls, pauses and many waits at once; it knows no AWS."""
