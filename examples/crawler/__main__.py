"""`python -m examples.crawler`."""

import sys

from examples.crawler.command import main

if __name__ == "__main__":
    sys.exit(main())
