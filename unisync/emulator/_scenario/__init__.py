"""What a test sets up and makes happen."""
