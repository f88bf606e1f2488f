"""What touches botocore, boto3, urllib3 and http.client, and nothing else does."""
