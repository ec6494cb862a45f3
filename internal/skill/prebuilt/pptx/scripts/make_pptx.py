#!/usr/bin/env python3
"""Makes a PowerPoint presentation of an outline in Markdown."""

import argparse
import re
import sys

sys.path.append("/workspace/.python")
try:
    from pptx import Presentation
except ImportError:
    sys.exit("python-pptx is missing: see SKILL.md for how to get it")

TITLE, CONTENT = 0, 1  # layouts of the default template


class Builder:
    def __init__(self, deck):
        self.deck = deck
        self.slide = self.body = None
        self.written = False

    def start(self, layout, title):
        self.slide = self.deck.slides.add_slide(self.deck.slide_layouts[layout])
        self.slide.shapes.title.text = title
        self.body = self.slide.placeholders[1].text_frame
        self.written = False

    def say(self, text, level=0):
        paragraph = self.body.add_paragraph() if self.written else self.body.paragraphs[0]
        self.written = True
        paragraph.text = text
        paragraph.level = level

    def note(self, text):
        notes = self.slide.notes_slide.notes_text_frame
        notes.text = f"{notes.text}\n{text}".strip()

    def picture(self, path):
        width, height = self.deck.slide_width, self.deck.slide_height
        body = self.slide.placeholders[1]
        top, below = body.top, body.top + body.height
        left = body.left
        body.left, body.top, body.width, body.height = left, top, width // 2 - left, below - top
        shape = self.slide.shapes.add_picture(path, width // 2, top, width=width // 2 - left)
        if shape.height > height - top:
            shape.width, shape.height = shape.width * (height - top) // shape.height, height - top

    def read(self, text):
        for line in text.splitlines():
            heading = re.match(r"(##?) +(.*)", line)
            point = re.match(r"( *)[-*] +(.*)", line)
            image = re.fullmatch(r"\s*!\[[^\]]*\]\(([^)]+)\)\s*", line)
            if heading:
                self.start(TITLE if heading[1] == "#" else CONTENT, heading[2].strip())
            elif not line.strip():
                continue
            elif self.slide is None:
                sys.exit(f"the outline must begin with a heading, not {line!r}")
            elif image:
                self.picture(image[1])
            elif line.startswith(">"):
                self.note(line[1:].strip())
            elif point:
                self.say(point[2].strip(), min(len(point[1]) // 2, 8))
            else:
                self.say(line.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presentation", help="the file to make")
    parser.add_argument("outline")
    parser.add_argument("--template", help="a presentation whose layouts to use")
    args = parser.parse_args()
    deck = Presentation(args.template)
    with open(args.outline, encoding="utf-8-sig") as f:
        Builder(deck).read(f.read())
    deck.save(args.presentation)
    print(f"{args.presentation}: {len(deck.slides)} slides")


main()
