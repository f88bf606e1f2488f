"""Reading requests and writing replies, from botocore's service models alone."""
