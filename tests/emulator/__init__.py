"""Tests of the emulator with unmodified boto3 clients, without the unisync clients."""
