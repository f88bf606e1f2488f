"""AWS's wire protocols: parsing requests and writing replies, from botocore's service models alone."""
