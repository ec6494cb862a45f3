#!/usr/bin/env python3
"""Makes a PDF file of a Markdown file."""

import argparse
import html
import re
import sys

sys.path.append("/workspace/.python")
try:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4, LETTER
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
except ImportError:
    sys.exit("reportlab is missing: see SKILL.md for how to get it")

STYLES = getSampleStyleSheet()
BODY = STYLES["BodyText"]
RULE = re.compile(r"\|[\s:|-]+\|")
GRID = TableStyle([
    ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
])


def inline(text):
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
    return re.sub(r"`(.+?)`", r'<font face="Courier">\1</font>', text)


def table(lines):
    rows = [line.strip().strip("|").split("|") for line in lines if not RULE.fullmatch(line.strip())]
    width = max(len(r) for r in rows)
    cells = [[Paragraph(inline(c.strip()), BODY) for c in r + [""] * (width - len(r))] for r in rows]
    return Table(cells, style=GRID, repeatRows=1, hAlign="LEFT")


def story(text):
    out, paragraph, rows = [], [], []

    def flush():
        if paragraph:
            out.append(Paragraph(inline(" ".join(paragraph)), BODY))
        if rows:
            out.extend([table(rows), Spacer(1, 8)])
        paragraph.clear()
        rows.clear()

    for line in text.splitlines() + [""]:
        heading = re.match(r"(#{1,3}) +(.*)", line)
        item = re.match(r"( *)[-*] +(.*)", line)
        if line.startswith("|"):
            if not rows:
                flush()
            rows.append(line)
            continue
        if rows or heading or item or not line.strip() or line.strip() == "---":
            flush()
        if heading:
            out.append(Paragraph(inline(heading[2]), STYLES[f"Heading{len(heading[1])}"]))
        elif line.strip() == "---":
            out.append(PageBreak())
        elif item:
            out.append(Paragraph(inline(item[2]), STYLES["Bullet"], bulletText="\N{BULLET}"))
        elif line.strip():
            paragraph.append(line.strip())
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="the file to make")
    parser.add_argument("markdown")
    parser.add_argument("--size", default="A4", choices=["A4", "letter"])
    parser.add_argument("--title", default="")
    args = parser.parse_args()
    with open(args.markdown, encoding="utf-8-sig") as f:
        flow = story(f.read())
    SimpleDocTemplate(args.out, pagesize=A4 if args.size == "A4" else LETTER, title=args.title).build(flow)
    print(args.out)


main()
