"""Running a recipe: choose the model, drive the loop, write the run's folder, show progress.

May import: `generate`, `llm`, `recipe`, `exchange`, `errors`.
"""
