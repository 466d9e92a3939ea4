"""The plan file: from YAML to a typed model, and from the model to resources that refer to each other."""
