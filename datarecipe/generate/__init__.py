"""The loop, free of I/O: render a request, parse a response, check items, drop duplicates, choose what comes next.

No clock, file, network or thread is known here; an import contract holds that. May import: `recipe`, `exchange`, `errors`.
"""
