"""What is special about each of the three services."""
