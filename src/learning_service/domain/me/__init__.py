"""The caller: what they are in the organization, and what they may do there."""
