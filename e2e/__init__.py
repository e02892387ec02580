"""The deployed thing, proved from outside: a stage on the emulator, deployed as people deploy it, asked over HTTP, and taken down again.

    python -m e2e           or: make e2e
    python -m e2e --quick   deploy, a few jobs, delete: within a minute

`stories/` hold what is shown, check by check, in the order of the run; `story` runs them, `report` tells how they went. `cloud`, `project`,
`desk` and `api` are the place, the checkout, the terminal and the caller. What only AWS can show is in docs/unverified.md.
"""
