#!/usr/bin/env python3
"""Makes a PDF file of pages of others, in the order they are named."""

import argparse
import os
import sys

sys.path.append("/workspace/.python")
try:
    from pypdf import PdfReader, PdfWriter
except ImportError:
    sys.exit("pypdf is missing: see SKILL.md for how to get it")


def ranges(text, count):
    for part in text.split(","):
        low, _, high = part.partition("-")
        try:
            first, last = int(low), int(high or low)
        except ValueError:
            sys.exit(f"expected pages such as 1-3,7, not {text!r}")
        if not 1 <= first <= last <= count:
            sys.exit(f"there are the pages 1-{count}, not {part}")
        yield from range(first, last + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="the file to make")
    parser.add_argument("sources", nargs="+", metavar="FILE[:PAGES]")
    parser.add_argument("--rotate", type=int, default=0, choices=[0, 90, 180, 270], help="clockwise")
    args = parser.parse_args()
    writer = PdfWriter()
    for source in args.sources:
        path, pages = source, ""
        if not os.path.exists(source):
            path, _, pages = source.rpartition(":")
        reader = PdfReader(path or source)
        count = len(reader.pages)
        for number in ranges(pages or f"1-{count}", count):
            page = writer.add_page(reader.pages[number - 1])
            if args.rotate:
                page.rotate(args.rotate)
    writer.write(args.out)
    print(f"{args.out}: {len(writer.pages)} pages")


main()
