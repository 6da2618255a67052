"""A run's folder: what is counted and written of a run, who may write it, and how a finished one is read.

    layout.py, run_files.py  names of the files; how they are opened
    manifest.py            the manifest as a typed record; json_records.py writes and reads such records, and lines
    counts/                what a run counts in, and the manifest holds
    dataset.py, export.py  a finished run, for users
    write/                 the lock, whose the folder is, how its files are put in place, what they cost
    card/                  the dataset card

Stands below the runner, which fills it, and below all that reads finished runs. May import: `generate` (events, reasons),
`recipe`, `amount` and what lies below; never `llm` or `running`.
"""
