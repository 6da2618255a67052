"""The embedded model: a small instruct model that runs inside this process, for a first run without key or bill."""
