"""The loop that keeps many stacks as planned, on a timer: an edge, like the command line, over the same use cases.

    Plans ──▶ Schedule ──▶ Queue ──▶ Reconciler ──▶ Views
    files     who is due   one a     one tick of    what a page, metrics
                           stack     one stack      and a log read

``Daemon`` is the thread that turns it. All time is the clock's that it is given.
"""
