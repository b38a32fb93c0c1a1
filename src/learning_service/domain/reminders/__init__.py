"""Mails about enrollments: reminders before they are due, and that one was assigned."""
