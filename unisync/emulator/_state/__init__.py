"""The state of the emulated accounts: which resources exist, and how each stands at a given time."""
