"""What a test sets up in an emulated account, and what it makes happen there."""
