"""`python -m examples.sales`."""

import sys

from examples.sales.command import main

if __name__ == "__main__":
    sys.exit(main())
