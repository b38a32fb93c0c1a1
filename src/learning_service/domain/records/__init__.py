"""What happened: the audit trail, events, kept replies."""
