"""What every process stands on: settings, database, tokens, queue, rate limits, telemetry."""
