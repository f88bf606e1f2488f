"""How syncs are shown: symbols, summaries, notebook cards and the HTML report."""
