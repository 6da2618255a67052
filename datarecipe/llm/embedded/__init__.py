"""The embedded model: a small instruct model that runs inside this process, for a first run without key or bill.

`weights` finds its file, and fetches it once; `embedded_transport` runs it as one more transport. How it is asked is no
business of this folder but of its profile (`datarecipe.generate.prompt.embedded_prompt`). It demonstrates the pipeline;
nobody should take it for a good author.
"""
