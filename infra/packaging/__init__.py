"""What ships to Lambda: built by Chalice, finished, and then opened and judged by what is in it, not by how it came to be.

    python -m infra.packaging --stage dev        or: make package

`finish` is what Chalice's zip lacks, `hook` puts it into Chalice's own command; `build` runs that on a clean copy of the project,
`bundle` reads the result, `ours` and `libraries` judge it, `wheels` fetches what the lock vouches for, `sizes` and `report` print.
"""
