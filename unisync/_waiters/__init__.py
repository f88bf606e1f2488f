"""The rules of waiting and watching."""
