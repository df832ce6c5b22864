#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds the manual to the program: ledger rows, keys, options, commands, and that the pages format cleanly.

`--write` brings the marked blocks of man/ up to date (make docs); without it a stale one is a failure.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD") or "build"
MAIN, RULES = "man/vxconsole.8", "man/vxconsole-rules.5"


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def ledger():
    """[(name, group, help)] of the table in vx_abi.h."""
    table = re.search(r"#define VX_LEDGER\(X\)(.*?)\n\n", read("bpf/vx_abi.h"), re.S).group(1)
    return re.findall(r'X\(\w+,\s*"(\w+)",\s*(\w+),\s*(?:\\\s*)?"([^"]*)"\)', table)


def row(name, group, text):
    return ".TP\n.BR %s \" (%s)\"\n%s.\n" % (name, group.lower(), roff(text))


KEY_NAMES = {"KEY_CURSOR_UP": "Up", "KEY_CURSOR_DOWN": "Down", "KEY_PAGE_UP": "PgUp", "KEY_PAGE_DOWN": "PgDn",
             "KEY_FIRST": "Home", "KEY_LAST": "End", "KEY_ESCAPE": "Esc", "' '": "Space", "'\\r'": "Enter"}


def key_name(key):
    """The name of a key as in the table of keys.h: 'q', KEY_FIRST, 0x0c."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    if key.startswith("0x"):
        return "Ctrl-%c" % (int(key, 16) + 64)
    return re.fullmatch(r"'(.)'", key).group(1)


def keys():
    """[(name, where, command or "", help)] of the table in keys.h."""
    table = re.search(r"#define UI_KEYS\(X\)(.*?)\n/\*", read("console/screen/keys.h"), re.S).group(1)
    rows = re.findall(r'X\(\w+,\s*(\'.+?\'|\w+),\s*"(\w*)",\s*(?:NULL|"([^"]*)"),\s*"([^"]*)"\)', table)
    if len(rows) != table.count("X("):
        sys.exit("docs: a row of UI_KEYS cannot be read")
    return [(key_name(key), where, command, text) for key, where, command, text in rows]


def causes():
    """[(name, means, todo)] of the table in diagnose.h."""
    table = re.search(r"#define DIAG_CAUSES\(X\)(.*?)\n/\*", read("console/engine/model/diagnose.h"), re.S).group(1)
    table = re.sub(r'"\s*\\\n\s*"', "", table)
    rows = re.findall(r'X\(\w+,\s*"(\w+)",\s*\w+,\s*(?:\\\s*)?"([^"]*)",\s*(?:\\\s*)?"([^"]*)"\)', table)
    if len(rows) != table.count("X("):
        sys.exit("docs: a row of DIAG_CAUSES cannot be read")
    return rows


def key_row(name, command, text):
    tail = " (\\fB%s\\fP)" % roff(command) if command else ""
    return '.TP\n.B "%s"\n%s%s.\n' % (roff(name), roff(text[0].upper() + text[1:]), tail)


def key_block():
    rows = keys()
    text = ""
    for where in dict.fromkeys(r[1] for r in rows):
        text += ".SS In the view %s\n" % where if where else ""
        text += "".join(key_row(r[0], r[2], r[3]) for r in rows if r[1] == where)
    return text


def blocks():
    rows = ledger()
    sample = "".join(roff(line) + "\n" for line in read("share/vxconsole.conf").splitlines())
    return [(MAIN, "keys", key_block()),
            (MAIN, "causes", "".join(".TP\n.B %s\n%s.\n%s.\n" % (n, roff(m), roff(t)) for n, m, t in causes())),
            (MAIN, "rows", "".join(row(*r) for r in rows if r[1] != "NOTE")),
            (MAIN, "notes", "".join(row(*r) for r in rows if r[1] == "NOTE")),
            (RULES, "sample", ".nf\n" + sample + ".fi\n")]


def write_blocks():
    for path, name, text in blocks():
        old = read(path)
        new = re.sub(r'(\.\\" %s: begin\n).*?(\.\\" %s: end)' % (name, name),
                     lambda m: m.group(1) + text + m.group(2), old, flags=re.S)
        if new != old:
            with open(os.path.join(ROOT, path), "w") as f:
                f.write(new)


def check_blocks():
    return ["%s: the block '%s' is stale: make docs" % (path, name) for path, name, text in blocks()
            if '.\\" %s: begin\n%s.\\" %s: end' % (name, text, name) not in read(path)]


def plain(path):
    """A page without the marks of roff."""
    text = re.sub(r'(?m)^\.\\".*\n', "", read(path))
    text = re.sub(r"(?m)^\.SH ", "= ", text)
    text = re.sub(r"\\f(\(..|\[.*?\]|.)", "", text).replace("\\-", "-").replace("\\e", "\\")
    text = re.sub(r"(?m)^\.TP( .*)?$", "\n", text)
    return re.sub(r"(?m)^\.(BR|BI|IR|RB|RI|TQ|SS|[BIR]) ?", "", text).replace('"', "")


def program(*args):
    return subprocess.run([os.path.join(ROOT, BUILD, "vxconsole"), *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False).stdout


def check_options():
    page = plain(MAIN)
    section = page[page.index("\n= OPTIONS"):page.index("\n= COMMANDS")]
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section))
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", program("--help")))
    faults = ["%s is in --help, not under OPTIONS" % o for o in sorted(known - documented)]
    return faults + ["%s is under OPTIONS, not in --help" % o for o in sorted(documented - known)]


def commands():
    """The names in the command table: {"allow add", "CIDR ...", 1, ...} rows of cmd/cmd_*.c."""
    where = os.path.join(ROOT, "console/engine/cmd")
    text = "".join(read(os.path.join(where, f)) for f in sorted(os.listdir(where))
                   if f.startswith("cmd_") and f.endswith(".c"))
    return re.findall(r'\{\s*"([a-z]+(?: [a-z]+)?)",\s*"[^"]*",\s*\d', text)


def check_commands():
    page = plain(MAIN)
    section = page[page.index("\n= COMMANDS"):page.index("\n= KEYS")]
    names = commands()
    faults = [] if names else ["no command table found in console/engine/cmd"]
    faults += ["'%s' is not under COMMANDS" % n for n in names
               if not re.search(r"(?m)^%s\b" % n.replace(" ", r"\s+"), section)]
    raw = read(MAIN)
    for item in re.findall(r'\n\.T[PQ]\n\.B\w? "?([a-z]+(?: [a-z]+)?)',
                           raw[raw.index("\n.SH COMMANDS"):raw.index("\n.SH KEYS")]):
        if not any(item == n or item.startswith(n + " ") or item == n.split()[0] for n in names):
            faults.append("'%s' is under COMMANDS, but no command" % item)
    return faults


def check_format():
    pages = sorted(os.path.join("man", p) for p in os.listdir(os.path.join(ROOT, "man")))
    done = subprocess.run(["groff", "-man", "-ww", "-z", *pages], cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.splitlines()


def main():
    if sys.argv[1:] == ["--write"]:
        write_blocks()
        return 0
    failed = 0
    for name, faults in (("marked blocks of the manual", check_blocks()), ("options", check_options()),
                         ("commands", check_commands()), ("groff", check_format())):
        print("%s docs: %s" % ("not ok" if faults else "ok", name))
        print("".join("# %s\n" % f for f in faults), end="")
        failed += bool(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
