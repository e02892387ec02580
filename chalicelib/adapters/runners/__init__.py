"""Three ways to run a task: `thread` for plain functions, `loop` for `async def`, `child` for `cpu=True`.

All three run it by `pipeline.outcome`, so what happened is named alike wherever it happened. None of them keeps time: the attempt
does, through `finished`, `soften` and `stop`. What each can promise when time is over:

              soft limit                                                      hard limit
    thread    raised inside it, as soon as it runs Python again               left alone; its outcome is discarded
    loop      raised at its `await`, the way a cancellation is                cancelled; left alone if it swallows that or never awaits
    child     raised inside it, as soon as it runs Python again; ends sleeps  killed with its children, and waited for

`thread` and `loop` are here, one file each. A child takes more: `child` is the attempt's side, `nest` starts and keeps the process
that children are forked from, `template` is that process, `inside` is what a child does, `wire` and `relay` carry words between them.
"""
