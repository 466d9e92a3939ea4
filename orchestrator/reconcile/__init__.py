"""Brings live AWS to what is desired: observe, compare, list the steps, walk them."""
