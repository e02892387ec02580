"""The sample texts: letters and minutes of a few hundred to a few thousand words, and a binary file named .txt."""

from functools import partial
from random import Random

from examples.demo.dice import dice
from examples.demo.samples.sample import Sample

SUBJECTS = (
    "the queue|a late message|our night shift|the old harbour|every second reader|a quiet office|the sweep"
)
VERBS = "waits for|carries|remembers|counts|repairs|answers|forgets|wakes|follows"
OBJECTS = "the morning tide|seven letters|a broken clock|what was promised|the last train|an unread report|its own echo"
ENDINGS = (
    "before noon|without a word|once, and only once|in good order|while it rains|as agreed|after the storm"
)


def texts() -> list[Sample]:
    """Every sample text."""
    return [
        *(Sample(path=f"texts/letter_{n:02}.txt", content=partial(_letter, n, 3 + n)) for n in range(1, 29)),
        *(Sample(path=f"texts/minutes_{n:02}.md", content=partial(_minutes, n)) for n in range(1, 8)),
        Sample(path="texts/empty.txt", content=bytes),
        Sample(path="texts/broken_binary.txt", content=partial(bytes, range(256)), dies_of="BrokenText"),
    ]


def _sentence(rng: Random) -> str:
    words = " ".join(rng.choice(part.split("|")) for part in (SUBJECTS, VERBS, OBJECTS, ENDINGS))
    return words[0].upper() + words[1:] + "."


def _letter(seed: int, paragraphs: int) -> bytes:
    rng = dice(seed)
    body = [" ".join(_sentence(rng) for _ in range(rng.randint(3, 8))) for _ in range(paragraphs)]
    return "\n\n".join(["Dear reader,", *body, "Yours, the night shift\n"]).encode()


def _minutes(seed: int) -> bytes:
    rng = dice(500 + seed)
    points = [f"- **{rng.choice(SUBJECTS.split('|'))}**: {_sentence(rng)}" for _ in range(20 * seed)]
    return "\n".join([f"# Minutes {seed}", "", *points, ""]).encode()
