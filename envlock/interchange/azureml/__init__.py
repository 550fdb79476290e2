"""Azure ML's layouts: a folder of its first SDK, YAML of its second."""
