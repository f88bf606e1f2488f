"""What exists in an emulated account and region."""
