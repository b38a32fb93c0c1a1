"""What the learning service itself keeps of an organization, untouched by directory writes."""
