"""Request -> response: the cache, the transports, the embedded model, retries, endpoints and keys.

May import: `recipe`, `exchange`, `errors`; knows nothing of the loop.
"""
