"""Files and locks of conda's world, read."""
