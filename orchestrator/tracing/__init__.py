"""Spans of what is applied and rolled out, for whoever follows a release through all the systems that it touches.

They are made out of the events that everybody else is told of, so no engine knows of them. On only where the extra
``tracing`` is installed and the standard ``OTEL_*`` variables name a collector; nothing waits for it.
"""
