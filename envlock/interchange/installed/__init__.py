"""What is installed in a prefix, read from what package managers leave."""
