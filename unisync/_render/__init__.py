"""How syncs look to people: plain text, the signs of the states, HTML. It knows of the models by their types alone."""
