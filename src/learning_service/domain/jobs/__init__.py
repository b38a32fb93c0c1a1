"""Jobs as rows: the outbox, schedules and halts."""
