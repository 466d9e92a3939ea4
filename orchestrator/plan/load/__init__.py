"""From a YAML file to a checked plan: read, choose the environment, fill in variables and defaults, validate."""
