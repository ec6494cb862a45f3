#!/usr/bin/env python3
"""Prints the text of a Word document as Markdown."""

import argparse
import sys

sys.path.append("/workspace/.python")
try:
    import docx
    from docx.table import Table
    from docx.text.paragraph import Paragraph
except ImportError:
    sys.exit("python-docx is missing: see SKILL.md for how to get it")


def line(paragraph):
    style = paragraph.style.name if paragraph.style is not None else ""
    text = paragraph.text.strip()
    if style == "Title" and text:
        return "# " + text
    if style.startswith("Heading ") and text:
        return "#" * int(style.split()[1]) + " " + text
    if style.startswith("List Bullet"):
        return "- " + text
    if style.startswith("List Number"):
        return "1. " + text
    return text


def rows(table):
    for i, row in enumerate(table.rows):
        cells = [cell.text.strip().replace("\n", " ").replace("|", "\\|") for cell in row.cells]
        yield "| " + " | ".join(cells) + " |"
        if i == 0:
            yield "|" + "---|" * len(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document")
    document = docx.Document(parser.parse_args().document)
    for element in document.element.body.iterchildren():
        if element.tag.endswith("}p"):
            text = line(Paragraph(element, document))
            if text:
                print(text + "\n")
        elif element.tag.endswith("}tbl"):
            print("\n".join(rows(Table(element, document))) + "\n")


main()
