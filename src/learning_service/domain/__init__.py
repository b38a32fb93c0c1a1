"""What the service knows and decides: tables, rules, reads and writes, free of any framework."""
