"""The report: one HTML file about finished runs, which needs no network and no other file.

    html_report.py   the runs' folders -> the text of the file
    report_file.py   writes it, over nothing but an earlier report
    read/            what a report shows of a run: its files within bounds, its lineage as a tree, matched pairs, prompts
    show/            markup in which every text is text, plots as SVG, tables, the data of the browser
    page/            the page itself: HTML, styles and scripts, which Python only puts together

Reads finished runs. May import: `measure`, `run_folder`, `generate`, `recipe` and what lies below; never `llm` or `running`.
"""
