#!/usr/bin/env python3
"""Makes a Word document of a Markdown file."""

import argparse
import re
import sys

sys.path.append("/workspace/.python")
try:
    import docx
except ImportError:
    sys.exit("python-docx is missing: see SKILL.md for how to get it")

INLINE = re.compile(r"(\*\*.+?\*\*|\*.+?\*|`.+?`)")
RULE = re.compile(r"\|[\s:|-]+\|")


def write(paragraph, text):
    for part in INLINE.split(text):
        if part.startswith("**") and len(part) > 4:
            paragraph.add_run(part[2:-2]).bold = True
        elif part.startswith("`") and len(part) > 2:
            paragraph.add_run(part[1:-1]).font.name = "Courier New"
        elif part.startswith("*") and len(part) > 2:
            paragraph.add_run(part[1:-1]).italic = True
        elif part:
            paragraph.add_run(part)


def add_table(document, lines):
    rows = [[c.strip() for c in line.strip().strip("|").split("|")] for line in lines if not RULE.fullmatch(line.strip())]
    table = document.add_table(rows=0, cols=max(len(r) for r in rows))
    table.style = "Table Grid"
    for i, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row):
            write(cell.paragraphs[0], f"**{text}**" if i == 0 and text else text)


def build(document, text):
    paragraph, table = [], []

    def flush():
        if paragraph:
            write(document.add_paragraph(), " ".join(paragraph))
        if table:
            add_table(document, table)
        paragraph.clear()
        table.clear()

    for line in text.splitlines() + [""]:
        heading = re.match(r"(#{1,4}) +(.*)", line)
        item = re.match(r"\s*(?:([-*])|[0-9]+\.) +(.*)", line)
        if line.startswith("|"):
            if not table:
                flush()
            table.append(line)
            continue
        if heading:
            flush()
            document.add_heading(heading[2], level=len(heading[1]))
        elif line.strip() == "---":
            flush()
            document.add_page_break()
        elif item:
            flush()
            write(document.add_paragraph(style="List Bullet" if item[1] else "List Number"), item[2])
        elif line.strip():
            if table:
                flush()
            paragraph.append(line.strip())
        else:
            flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("document", help="the file to make")
    parser.add_argument("markdown")
    parser.add_argument("--template", help="a document whose styles to use")
    args = parser.parse_args()
    document = docx.Document(args.template)
    with open(args.markdown, encoding="utf-8-sig") as f:
        build(document, f.read())
    document.save(args.document)
    print(f"{args.document}: {len(document.paragraphs)} paragraphs, {len(document.tables)} tables")


main()
