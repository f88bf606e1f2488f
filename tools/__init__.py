"""What is no test: soak, fuzz, mutants, foreign clients, the installed wheel, benchmarks and generators."""
