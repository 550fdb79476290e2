"""What is locked, written for other tools."""
