"""The one door to AWS: sessions, clients, pacing, retries, error classes, ownership tags."""
