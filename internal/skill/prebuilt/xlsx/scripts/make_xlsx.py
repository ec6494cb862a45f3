#!/usr/bin/env python3
"""Makes an Excel workbook of CSV files, one sheet each."""

import argparse
import csv
import datetime
import re
import sys

sys.path.append("/workspace/.python")
try:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
except ImportError:
    sys.exit("openpyxl is missing: see SKILL.md for how to get it")

NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?")  # not 007, which is a code
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WIDEST = 60


def value(text):
    if NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if DATE.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            return text
    return text


def fill(sheet, path):
    widths = {}
    with open(path, newline="", encoding="utf-8-sig") as f:
        for row in csv.reader(f):
            sheet.append([value(v) for v in row])
            for i, v in enumerate(row, 1):
                widths[i] = max(widths.get(i, 0), len(v))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for i, width in widths.items():
        sheet.column_dimensions[get_column_letter(i)].width = min(width, WIDEST) + 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workbook", help="the file to make")
    parser.add_argument("sheets", nargs="+", metavar="NAME=FILE.csv")
    args = parser.parse_args()
    book = openpyxl.Workbook()
    book.remove(book.active)
    for pair in args.sheets:
        name, equals, path = pair.partition("=")
        if not equals:
            parser.error(f"expected NAME=FILE.csv, not {pair!r}")
        fill(book.create_sheet(name), path)
    book.save(args.workbook)
    print(f"{args.workbook}: {', '.join(book.sheetnames)}")


main()
