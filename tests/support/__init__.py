"""Real things to test against, made on this machine: channels, indexes, registries, images, engines."""
