"""A small district, made up for this project: the same on every machine, loaded through the importers that users have.

Nobody in it exists. Phone numbers are from the range kept for fiction (555-0100 to 555-0199), addresses end in
`example.org`.
"""
