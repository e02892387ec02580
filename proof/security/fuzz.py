"""Feed one reader with whatever a fuzzer finds: `python -m proof.security.fuzz strict -runs=1000000`. Run by the tools' own environment.

A finding ends it, with the bytes in a file beside it; libFuzzer's own options follow the target's name.
"""

import sys
from pathlib import Path

import atheris

SKIPPED = ("hypothesis", "yaml", "boto3", "botocore")
"""What is of no interest to the fuzzer's eye."""


def main() -> None:
    """Fuzz the target that is named."""
    with atheris.instrument_imports(include=["chalicelib", "cronsim"], exclude=[*SKIPPED]):
        from proof.security.targets import SEEDS, TARGETS, refuses
    name, *options = sys.argv[1:]
    folder = Path("build/security/corpus") / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (folder / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        refuses(TARGETS[name], data)

    findings = Path("build/security/findings")
    findings.mkdir(exist_ok=True)
    given = [
        sys.argv[0],
        *options,
        f"-artifact_prefix={findings}/{name}-",
        "-max_len=512",
        "-timeout=20",
        str(folder),
    ]
    atheris.Setup(given, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
