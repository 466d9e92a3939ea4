"""Values and protocols that every layer speaks; standard library only, no input or output."""
