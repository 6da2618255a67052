"""A run's folder: its files, who may write them, and how they are read.

Stands below the runner, which fills it, and below all that reads finished runs. May import: `generate` (events, reasons),
`recipe`, `amount` and what lies below; never `llm` or `running`.
"""
