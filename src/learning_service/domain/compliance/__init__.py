"""Who meets which requirement until when, and which skills members have."""
