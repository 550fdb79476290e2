"""Dockerfiles, read."""
