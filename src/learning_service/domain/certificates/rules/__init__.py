"""The pure rules of certificates: their states, their printed codes."""
