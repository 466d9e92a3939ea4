"""The daemon's web page and HTTP API: an edge that reads the daemon's views and the store, and gives orders.

    Views, store ──▶ pages   what a person sees: HTML made here, kept fresh by a small script
                 ──▶ api     the same as JSON
                 ──▶ feed    what changed, as server-sent events
    actions      ──▶ the use cases that the command line has too, under the name of the token's owner

Looking at a page makes no call to AWS. What steers needs a token, which no browser sends by itself.
"""
