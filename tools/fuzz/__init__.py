"""Fuzzing of everything that reads text and bytes from elsewhere: `make fuzz`.

Each target is a module with `seeds()`, which yields well-formed inputs, `mutate(data, draw)`, which changes one of
them, and `check(data)`, which returns the kind of result and raises if the result is wrong. `harness.py` has atheris
search for inputs that raise.
"""
