"""The two clients and the two fleets."""
