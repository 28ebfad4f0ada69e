#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manual BUILD - the manual pages and the completions name every command, option and key
that the program knows, and none that it does not."""
import glob
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from service import Tap  # noqa: E402

tap = Tap()
ltps = os.path.abspath(os.path.join(sys.argv[1], "ltps"))
PAGES = [os.path.join(ROOT, "docs", "man", n) for n in ("ltps.1", "ltps.conf.5")]
OPTION = re.compile(r"(?<![\w-])(--?[a-z][a-z0-9-]*)(?![\w-])")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def help_of(*command):
    return subprocess.run([ltps, *command, "-h"], capture_output=True, text=True,
                          check=True).stdout


def page_options(text):
    """Options of a piece of mdoc: "Fl -name", and those in running text."""
    plain = re.sub(r"\bFl (-?[a-z][a-z0-9-]*)", r" -\1 ", text)
    lines = [x for x in plain.split("\n") if not re.match(r"\.(Bl|Bd)\b", x)]
    return set(OPTION.findall("\n".join(lines)))


def sections(text, head):
    """{title: text} of the .Ss of a page that begin so."""
    parts = re.split(r"^\.(?:Ss|Sh) (.*)$", text, flags=re.M)
    return {parts[i].replace("\\&", ""): parts[i + 1] for i in range(1, len(parts), 2)
            if parts[i].startswith(head)}


def same(name, wanted, got):
    tap.check(name, wanted == got,
              f"missing: {sorted(wanted - got)}; too many: {sorted(got - wanted)}")


def commands():
    return set(re.findall(r"^  ltps ([\w-]+) +", help_of(), re.M))


def check_commands():
    page = sections(read("docs", "man", "ltps.1"), "ltps ")
    same("ltps.1 names the commands that there are", commands(),
         {title.split()[1] for title in page})
    for command in sorted(commands()):
        same(f"ltps.1 names the options of {command}", set(OPTION.findall(help_of(command))),
             page_options(page.get(f"ltps {command}", "")))


def check_keys():
    rule = re.compile(r'\{\s*"(\w+)",\s*(?:true|false),\s*"(\w+)",\s*CONF_')
    known = {m for path in glob.glob(os.path.join(ROOT, "server", "config*.c"))
             for m in rule.findall(read(path))}
    tap.check("config.c has keys", len(known) > 50, len(known))
    page = set()
    for title, text in sections(read("docs", "man", "ltps.conf.5"), "[").items():
        section = re.match(r"\[(\w+)", title).group(1)
        page |= {(section, key) for key in re.findall(r"^\.It Ic (\w+) No =", text, re.M)}
    same("ltps.conf.5 names the keys that there are", known, page)
    example, section = set(), None
    for line in read("packaging", "ltps.conf").split("\n"):
        head = re.match(r"(?:# )?\[(\w+)(?: \w+)?\]$", line)
        key = re.match(r"(?:# )?(\w+) = ", line)
        section = head.group(1) if head else section
        if key and section:
            example.add((section, key.group(1)))
    # [seal] has "the same four keys" as [validation], written once.
    same("the shipped configuration names the keys that there are", known,
         example | {("seal", k) for k in ("password_file", "module")})


def check_form():
    for page in PAGES:
        name, text = os.path.basename(page), read(page)
        for section in ("STANDARDS", "EXIT STATUS", "EXAMPLES", "FILES", "SEE ALSO"):
            tap.check(f"{name} has {section}", f"\n.Sh {section}\n" in text)
        if shutil.which("mandoc"):
            said = subprocess.run(["mandoc", "-Tlint", page], capture_output=True,
                                  text=True).stdout
            said = [x for x in said.split("\n") if x and "manual not found" not in x]
            tap.check(f"{name}: mandoc has no complaint", not said, said)
        else:
            tap.skip(f"{name}: mandoc has no complaint", "mandoc is not installed")
        if shutil.which("man"):
            said = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
                                   page], capture_output=True, text=True).stderr
            said = [x for x in said.split("\n") if x and "mandoc.db" not in x]
            tap.check(f"{name}: man has no warning", not said, said)


def complete(words):
    """What bash offers for a line."""
    script = ('. packaging/completion/ltps.bash; COMP_WORDS=("$@"); '
              'COMP_CWORD=$(($# - 1)); _ltps; printf "%s\\n" "${COMPREPLY[@]}"')
    out = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True,
                         text=True, cwd=ROOT).stdout
    return set(out.split())


def zsh_options(command):
    text = read("packaging", "completion", "_ltps")
    m = re.search(rf"^\t{command}\) .* options=\((.*)\) ;;$", text, re.M)
    return set(m.group(1).split()) if m else set()


def check_completion():
    same("bash completes the commands that there are", commands(),
         {x for x in complete(["ltps", ""]) if not x.startswith("-")})
    text = read("packaging", "completion", "_ltps")
    same("zsh completes the commands that there are", commands(),
         set(re.findall(r"^\t\t'([\w-]+):", text, re.M)))
    for command in sorted(commands()):
        wanted = set(OPTION.findall(help_of(command))) | {"-h", "--help"}
        same(f"bash completes the options of {command}", wanted,
             complete(["ltps", command, "-"]))
        same(f"zsh completes the options of {command}", wanted, zsh_options(command))
    tap.equal("values are completed", complete(["ltps", "validate", "--format", "j"]), {"json"})
    tap.equal("roles too", complete(["ltps", "token", "add", "--role", "a"]), {"auditor"})
    tap.equal("words behind a command too", complete(["ltps", "link", ""]),
              {"add", "list", "revoke"})
    for shell, file in (("bash", "ltps.bash"), ("zsh", "_ltps")):
        if shutil.which(shell):
            rc = subprocess.run([shell, "-n", os.path.join(ROOT, "packaging", "completion",
                                                           file)]).returncode
            tap.equal(f"{shell} reads its completion", rc, 0)
        else:
            tap.skip(f"{shell} reads its completion", "it is not installed")


check_commands()
check_keys()
check_form()
check_completion()
tap.end()
