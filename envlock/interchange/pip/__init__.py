"""Files and locks of pip's world, read."""
