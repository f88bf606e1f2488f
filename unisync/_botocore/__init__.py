"""Everything that touches botocore, boto3, urllib3 or http.client, and nothing else does.

Private names of those libraries that are used here, each with a guard that leaves things as they are where the name is
missing, and a test with the oldest and the newest boto3:

- session.py: `BaseClient._make_api_call` and `_get_credentials`, `Config._user_provided_options`, `Session._session`
- deadline.py: `BaseClient._endpoint`, `URLLib3Session._timeout`, `_manager`, `_pool_classes_by_scheme`,
  `_get_ssl_context`
- caching.py: `BaseClient._user_agent_creator`, `_ruleset_resolver`, `_request_signer`,
  `EndpointRulesetResolver._get_customized_builtins` and `_param_definitions`, `SigV4Auth._sign`
- assume_role.py: `Session._credentials`
"""
