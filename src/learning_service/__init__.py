"""The learning service: courses, assessments, verifiable certificates and compliance."""
