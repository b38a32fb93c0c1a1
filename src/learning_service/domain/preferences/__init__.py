"""What members choose for themselves: their language, and which mails they want."""
