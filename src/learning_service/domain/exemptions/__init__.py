"""Who need not do something: exemptions that administrators grant, and assignments that they took back."""
