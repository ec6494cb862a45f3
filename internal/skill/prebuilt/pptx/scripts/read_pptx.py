#!/usr/bin/env python3
"""Prints what the slides of a PowerPoint presentation say."""

import argparse
import sys

sys.path.append("/workspace/.python")
try:
    from pptx import Presentation
except ImportError:
    sys.exit("python-pptx is missing: see SKILL.md for how to get it")


def texts(shapes):
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from texts(shape.shapes)
        elif getattr(shape, "has_table", False) and shape.has_table:
            for row in shape.table.rows:
                yield "| " + " | ".join(cell.text.replace("\n", " ") for cell in row.cells) + " |"
        elif shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                text = "".join(run.text for run in paragraph.runs)
                if text.strip():
                    yield "  " * paragraph.level + "- " + text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presentation")
    deck = Presentation(parser.parse_args().presentation)
    for number, slide in enumerate(deck.slides, 1):
        title = slide.shapes.title
        print(f"## {number}. {title.text if title is not None else ''}".rstrip())
        for text in texts(s for s in slide.shapes if title is None or s.shape_id != title.shape_id):
            print(text)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame.text.strip():
            print("> " + slide.notes_slide.notes_text_frame.text.strip().replace("\n", "\n> "))
        print()


main()
