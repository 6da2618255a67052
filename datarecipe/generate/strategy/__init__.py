"""The strategies: which request comes when in logical order, and what its formatting example is.

Each is an `Order`: `fixed`, chains (*random*, *similar*, *contrastive*) and `tree`.
"""
