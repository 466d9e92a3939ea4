"""Requests from outside: simulated ones at a steady rate, real ones through the proxy, and what became of them all."""
