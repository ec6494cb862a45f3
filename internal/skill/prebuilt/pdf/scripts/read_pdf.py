#!/usr/bin/env python3
"""Prints the text of a PDF file, page by page, and the fields of its form."""

import argparse
import sys

sys.path.append("/workspace/.python")
try:
    from pypdf import PdfReader
except ImportError:
    sys.exit("pypdf is missing: see SKILL.md for how to get it")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--pages", help="such as 3 or 2-4, from 1")
    parser.add_argument("--password", default="")
    args = parser.parse_args()
    reader = PdfReader(args.file)
    if reader.is_encrypted and not reader.decrypt(args.password):
        sys.exit("the file is encrypted: give --password")
    count = len(reader.pages)
    first, last = 1, count
    if args.pages:
        low, _, high = args.pages.partition("-")
        first, last = int(low), int(high or low)
        if not 1 <= first <= last <= count:
            sys.exit(f"there are the pages 1-{count}")
    title = reader.metadata.title if reader.metadata else None
    print(f"# {title or args.file}: {count} pages")
    for name, field in (reader.get_fields() or {}).items():
        print(f"field {name!r}: {field.get('/V', '')!r}")
    for number in range(first, last + 1):
        print(f"\n## Page {number}\n")
        print(reader.pages[number - 1].extract_text().strip() or "(no text)")


main()
