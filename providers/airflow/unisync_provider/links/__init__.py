"""The provider's links."""
