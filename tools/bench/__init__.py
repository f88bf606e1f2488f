"""Benchmarks: what unisync costs next to boto3 and to hand-written polling loops."""
