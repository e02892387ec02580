"""`python -m bench.quick`: says its port, and answers for as long as whoever started it holds its standard input open."""

import os
import sys
import threading

from bench.quick.server import Server


def main() -> None:
    """`forgetful`: what is written is believed and forgotten."""
    server = Server(remembers="forgetful" not in sys.argv[1:])
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    print(server.port, flush=True)
    server.serve()


def _end_with_the_starter() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
