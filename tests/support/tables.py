"""Read the tables that the command prints."""


def read_table(lines):
    """The cells of each line of a table of which no cell is folded, the header first."""
    header, line, *rows = lines
    starts = [index for index in range(len(line)) if line[index] == "-" and line[index - 1 : index] != "-"]
    slices = [slice(*ends) for ends in zip(starts, [*starts[1:], None])]
    assert all(header[each.start] != " " for each in slices)
    return [[row[each].rstrip() for each in slices] for row in (header, *rows)]
