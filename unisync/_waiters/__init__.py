"""The rules of waiting and watching: what to poll, how to judge it, and what to say when a wait ends."""
