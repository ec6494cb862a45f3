#!/usr/bin/env python3
"""Shows what is in an Excel workbook: an overview, or one sheet as CSV."""

import argparse
import csv
import datetime
import sys

sys.path.append("/workspace/.python")
try:
    import openpyxl
except ImportError:
    sys.exit("openpyxl is missing: see SKILL.md for how to get it")

ROWS = 5  # of each sheet in the overview


def show(value):
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    return "" if value is None else value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workbook")
    parser.add_argument("--sheet", help="print this sheet whole")
    parser.add_argument("--formulas", action="store_true", help="show formulas, not the values they had")
    args = parser.parse_args()
    book = openpyxl.load_workbook(args.workbook, read_only=True, data_only=not args.formulas)
    out = csv.writer(sys.stdout, lineterminator="\n")
    if args.sheet:
        if args.sheet not in book.sheetnames:
            sys.exit(f"no sheet {args.sheet!r}; there are {', '.join(book.sheetnames)}")
        for row in book[args.sheet].iter_rows(values_only=True):
            out.writerow(map(show, row))
        return
    for sheet in book.worksheets:
        print(f"# {sheet.title}: {sheet.max_row} rows, {sheet.max_column} columns")
        for row in sheet.iter_rows(max_row=ROWS, values_only=True):
            out.writerow(map(show, row))


main()
