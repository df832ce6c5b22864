#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds the manual to the program: ledger rows, options, commands, and that the pages format cleanly.

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


def blocks():
    rows = ledger()
    sample = "".join(roff(line) + "\n" for line in read("share/vxconsole.conf").splitlines())
    return [(MAIN, "rows", "".join(row(*r) for r in rows if r[1] != "NOTE")),
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
    section = page[page.index("\n= COMMANDS"):page.index("\n= STATISTICS")]
    names = commands()
    faults = [] if names else ["no command table found in console/engine/cmd"]
    faults += ["'%s' is not under COMMANDS" % n for n in names
               if not re.search(r"(?m)^%s\b" % n.replace(" ", r"\s+"), section)]
    raw = read(MAIN)
    for item in re.findall(r'\n\.T[PQ]\n\.B\w? "?([a-z]+(?: [a-z]+)?)',
                           raw[raw.index("\n.SH COMMANDS"):raw.index("\n.SH STATISTICS")]):
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
