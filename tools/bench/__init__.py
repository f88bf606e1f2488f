"""Benchmarks: what unisync costs, side by side with others."""
