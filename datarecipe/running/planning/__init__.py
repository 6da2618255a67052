"""What a run would take, said before anything is paid: requests, tokens, dollars, minutes.

    author.py      made-up replies that hold new, valid items
    rehearsal.py   the loop, run with stored and made-up responses: which requests there would be
    evidence.py    what earlier responses show: how many items were taken, how many tokens were counted
    assumptions.py what nobody knows before a run, as ranges
    schedule.py    when each request could begin and end
    plan.py        all of it together, for one model

Nothing here sends anything, and no file is made. May import: `running.setup`, `generate`, `llm`, `recipe`.
"""
