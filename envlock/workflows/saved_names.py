"""The names of the formats that `save` writes, for who only asks for them: `saved_formats` has what they mean."""

ENVLOCK = "envlock"
FORMAT_NAMES = (ENVLOCK, "azureml")
