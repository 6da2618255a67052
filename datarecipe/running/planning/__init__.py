"""What a run would take, said before anything is paid: requests, tokens, dollars, minutes.

    stand_in.py    made-up replies, and the judge that takes them
    dry_run.py     the loop, run with stored and made-up responses: which requests there would be
    vary_reach.py  how many values of `vary` these requests reach
    history.py     what the manifest of the run's folder shows, where the cache holds nothing
    assumptions.py what nobody knows before a run, as ranges
    makespan.py    when each request could begin and end
    check_cost.py, embedding_cost.py  what questions about items would take
    plan.py        all of it together, for one model

Nothing here sends anything, and no file is made.
"""
