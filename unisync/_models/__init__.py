"""Pure data: references, jobs, configurations, resources and the envelopes they arrive in."""
