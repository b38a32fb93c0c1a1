"""What can be done with a certificate and with its PDF."""
