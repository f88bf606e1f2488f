"""Inputs that nobody thought of, for what reads text and bytes from elsewhere: `make fuzz`.

Each target is a module with `seeds()`, inputs that are well formed, and `check(data)`, which says what came of an input
and raises where something came of it that must not. `harness.py` has atheris look for such inputs.
"""
