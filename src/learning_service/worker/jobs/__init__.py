"""Background jobs: read in a transaction, do I/O outside one, write in a transaction. Each may run twice."""
