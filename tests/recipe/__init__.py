"""Behaviour of `datarecipe.recipe`, one file a module."""
