"""Pure data: references, jobs, configurations and the envelopes they arrive in."""
