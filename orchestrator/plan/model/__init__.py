"""What a plan file may say: one frozen pydantic model a section; their descriptions feed ``orchestrator schema``."""
