"""What a release consists of: the changelog, the version, the package and its checks."""
