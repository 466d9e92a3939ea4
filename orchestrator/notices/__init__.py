"""Tells people what happens to a stack: by chat, by mail, by whatever apprise can reach.

    Event ──▶ reading ──▶ Notice ──▶ desk ───────▶ Channel ──▶ post ──▶ apprise
              what of it   one thing   is it news?   a thread    one attempt
              to tell      to tell     to whom?      each

``Notices`` is a sink like any other: the engines do not know that it listens. It never blocks: what takes time, the
store's word on whether a thing was told already included, happens in threads of its own.
"""
