"""A value as configd prints it (SCPrint of a property list): two spaces a level, keys sorted, nothing escaped. Data are
{"data": hex}."""


def shown(value, level=0):
    pad = "  " * level
    if isinstance(value, dict) and set(value) == {"data"}:
        return "<data> 0x" + value["data"]
    if isinstance(value, dict):
        lines = [f"{pad}  {key} : {shown(inner, level + 1)}" for key, inner in sorted(value.items())]
        return "\n".join(["<dictionary> {", *lines, pad + "}"])
    if isinstance(value, list):
        lines = [f"{pad}  {n} : {shown(inner, level + 1)}" for n, inner in enumerate(value)]
        return "\n".join(["<array> {", *lines, pad + "}"])
    return "TRUE" if value is True else "FALSE" if value is False else str(value)
