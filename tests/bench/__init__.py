"""Measuring envlock beside what people would use instead: `python -m tests.bench > result.json`."""
