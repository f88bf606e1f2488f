"""Tools beside the tests: soak, fuzz, mutants, foreign clients, the installed wheel, benchmarks and generators."""
