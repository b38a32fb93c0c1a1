"""Parse, one call into the domain, respond."""
