"""Replaces one release of a service by another in small stages that can be resumed and taken back."""
