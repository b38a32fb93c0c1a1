"""What a receiver may be, and what an event looks like outside. Pure."""
