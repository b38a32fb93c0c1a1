"""What several tests need: the service around them, its callers, and the things that they share."""
