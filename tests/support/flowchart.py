"""Reads the part of Mermaid's flowchart language that we write, line by line, and refuses everything else."""

import re

_LABEL = r'"(?P<label>(?:[^"\n#<>`\\;&]|#\d{1,7};|<br/>)*)"'
_SHAPES = (r"\[{}\]", r"\[\[{}\]\]", r"\(\[{}\]\)")
_BOX = [re.compile(rf"(?P<id>n\d+){shape.format(_LABEL)}:::(?P<class>\w+)") for shape in _SHAPES]
_ARROW = re.compile(r"(?P<start>n\d+) (?:-->|-\. becomes \.->) (?P<end>n\d+)")
_STYLE = re.compile(r"classDef (?P<name>\w+) (?:[a-z-]+:[#\w -]+)(?:,[a-z-]+:[#\w -]+)*")


class Flowchart:
    """A chart. Raises AssertionError for what is none."""

    def __init__(self, text: str) -> None:
        first, *lines = text.splitlines()
        assert first == "flowchart TD"
        self.boxes: dict[str, str] = {}
        self.classes: dict[str, str] = {}
        self.arrows: list[tuple[str, str]] = []
        self.styles: set[str] = set()
        for line in lines:
            self._take(line.removeprefix("    "))
        assert set(self.classes.values()) <= self.styles, "a class that is not defined"

    def _take(self, line: str) -> None:
        box = next((found for shape in _BOX if (found := shape.fullmatch(line))), None)
        if box:
            assert box["id"] not in self.boxes, f"{box['id']} twice"
            self.boxes[box["id"]], self.classes[box["id"]] = box["label"], box["class"]
        elif arrow := _ARROW.fullmatch(line):
            assert {arrow["start"], arrow["end"]} <= set(self.boxes), f"an arrow to nothing: {line}"
            self.arrows.append((arrow["start"], arrow["end"]))
        else:
            style = _STYLE.fullmatch(line)
            assert style, f"no line of a flowchart: {line!r}"
            self.styles.add(style["name"])
