"""The section ``resources``: any kind by the fields of its own dataclass, with nothing said twice.

The types of a kind's fields say what a plan may write; references are written ``${kind/name.output}``.
"""
