"""Everything that touches botocore, boto3, urllib3 or aiohttp, and nothing else does.

A call goes from `prepare` through a sender (`urllib3_sender`, `aiohttp_sender`) to `read`; `session` has their order.

Private names of those libraries that are used here, each with what happens where it is missing, and a test in
tests/botocore/test_private_names.py that runs with the oldest and the newest boto3:

- session.py: `boto3.Session._session`; without it, settings come from the environment and the session's profile.
  `Config._user_provided_options`; without it, no user counts as having asked for host prefixes.
- prepare.py: `BaseClient._ruleset_resolver`; without it, the endpoint is the client's own (`meta.endpoint_url`).
- signing.py: `BaseClient._request_signer`; without it, botocore's own handler signs each request.
- user_agent.py: `BaseClient._user_agent_creator`; without it, botocore's own handler completes the User-Agent.
- listeners.py: `EventAliaser._emitter`, `HierarchicalEmitter._handlers`; without them, everybody counts as listening.
- connection.py: `HTTPConnection._new_conn` of urllib3 is overridden; if urllib3 does not call it, names are resolved
  without a deadline.

`botocore.httpchecksum` and `botocore.compress` call themselves private. They would be used for an operation whose model
asks for a checksum or for compression; none of ours does, which a test watches.
"""
