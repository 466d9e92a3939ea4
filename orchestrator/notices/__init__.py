"""Tells people what happens to a stack: by chat, by mail, by whatever apprise can reach.

    Event ──▶ reading ──▶ Notice ──▶ routes ──▶ Channel ──▶ post ──▶ apprise
              what of it   one thing   who is     a thread    one attempt
              is news      to tell     told       each

``Notices`` is a sink like any other: the engines do not know that it listens. It never blocks: what takes time, the
store's word on whether a thing was told already included, happens in the threads of the channels.
"""
