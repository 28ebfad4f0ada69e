# SPDX-License-Identifier: Apache-2.0
"""The outside judges: EU DSS and Bouncy Castle, each built on first use into a
folder of the build. A judge that cannot be had raises Absent with the reason."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
JARS = "/usr/share/java"
FETCH_SECONDS = 600  # the class path of DSS is some 40 files


class Absent(Exception):
    pass


def need(program):
    if not shutil.which(program):
        raise Absent(f"{program} is not installed")


def run(what, arguments, **more):
    r = subprocess.run(arguments, capture_output=True, text=True, **more)
    if r.returncode != 0:
        lines = [l for l in (r.stdout + r.stderr).splitlines() if l.strip()]
        said = " ... ".join(l[:300] for l in dict.fromkeys((lines[0], lines[-1])))\
            if lines else r.returncode
        raise RuntimeError(f"{what}: {said}")
    return r.stdout


class Judge:
    """A program that prints a JSON object for each line of a list."""

    def __init__(self, folder, program, command):
        self.folder, self.program, self.command = folder, program, command

    def judge(self, lines, *arguments):
        """lines: one list of files each; gives one dictionary for each."""
        path = os.path.join(self.folder, "list")
        with open(path, "w") as f:
            f.writelines("\t".join(line) + "\n" for line in lines)
        r = subprocess.run([*self.command, path, *arguments], capture_output=True, text=True)
        answers = [json.loads(l) for l in r.stdout.splitlines()]
        if r.returncode != 0 or len(answers) != len(lines):
            raise RuntimeError(f"{self.program} ended with {r.returncode}: {r.stderr[:1000]}")
        return answers


def java(folder, program, sources, class_path):
    folder = os.path.join(folder, program)
    os.makedirs(folder, exist_ok=True)
    need("javac")
    run(f"compiling {program}", ["javac", "-cp", class_path, "-d", folder, *sources])
    return Judge(folder, program, ["java", "-cp", f"{folder}:{class_path}", program])


PYHANKO = "pyHanko==0.38.0"  # facts about the corpus depend on it
ZEEP = "zeep==4.3.3"
OPENAPI_CLIENT = "openapi-python-client==0.29.1"
# The second brings the rules of axe-core; the browser itself is the system's.
BROWSING = ["playwright==1.65.2", "axe-playwright-python==0.1.8"]


def python_with(folder, name, *packages):
    """A Python of its own below the folder, made on first use. Gives its home and it."""
    home = os.path.join(folder, name)
    python = os.path.join(home, "bin", "python")
    if not os.path.exists(os.path.join(home, "ready")):
        try:
            run(name, [sys.executable, "-m", "venv", "--clear", home])
            run(packages[0], [python, "-m", "pip", "install", "--quiet",
                              "--disable-pip-version-check", *packages],
                timeout=FETCH_SECONDS)
        except (RuntimeError, subprocess.TimeoutExpired) as e:
            raise Absent(str(e))
        open(os.path.join(home, "ready"), "w").close()
    return home, python


def pyhanko(folder, program="pyhanko_judge"):
    home, python = python_with(folder, "pyhanko", PYHANKO)
    return Judge(home, program, [python, os.path.join(HERE, program + ".py")])


def pyhanko_make(folder):
    return pyhanko(folder, "pyhanko_make")


def zeep(folder, *arguments):
    """What the SOAP client that zeep makes of our description sees, as one object."""
    _, python = python_with(folder, "zeep", ZEEP)
    return json.loads(run("zeep", [python, os.path.join(HERE, "zeep_client.py"), *arguments]))


def openapi_client(folder, work, url, *arguments):
    """What is told while a client is made of our description, and what that client sees,
    as one object."""
    _, python = python_with(folder, "openapi_client", OPENAPI_CLIENT)
    told = run("openapi-python-client", [
        python, "-m", "openapi_python_client", "generate", "--url", url + "/openapi.json",
        "--config", os.path.join(HERE, "openapi_client.yml"), "--meta", "none",
        "--output-path", os.path.join(work, "made")])
    return told, json.loads(run("the generated client", [
        python, os.path.join(HERE, "openapi_client.py"), work, url, *arguments]))


def browsing(folder):
    """The Python that drives a browser."""
    need("chromium")
    return python_with(folder, "playwright", *BROWSING)[1]


def bouncy_castle(folder):
    jars = [os.path.join(JARS, f"bc{name}.jar") for name in ("pkix", "prov", "util")]
    missing = [j for j in jars if not os.path.exists(j)]
    if missing:
        raise Absent(f"Bouncy Castle: {missing[0]} is not installed")
    return java(folder, "BcJudge", [os.path.join(HERE, "bc", "BcJudge.java")], ":".join(jars))


def fetch_dss(path):
    """Asks Maven for DSS; what it loads goes to its own repository."""
    need("mvn")
    partial = os.path.abspath(path) + ".new"  # Maven works in another folder
    try:
        run("DSS by Maven", ["mvn", "-q", "-B", "dependency:build-classpath",
                             f"-Dmdep.outputFile={partial}"],
            cwd=os.path.join(HERE, "java"), timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        raise Absent(f"DSS by Maven: no end after {FETCH_SECONDS} s")
    except RuntimeError as e:
        raise Absent(str(e))
    os.rename(partial, path)


def dss(folder, program="DssJudge", *more):
    """Once its class path is known, it is used without asking again.
    more: further programs that it is compiled with."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "dss-class-path")
    if not all(os.path.exists(p) for p in class_path_in(path)) or \
            os.path.getmtime(os.path.join(HERE, "java", "pom.xml")) > os.path.getmtime(path):
        fetch_dss(path)
    sources = [os.path.join(HERE, "java", "src", "main", "java", name + ".java")
               for name in (program, *more)]
    return java(folder, program, sources, ":".join(class_path_in(path)))


def dss_signatures(folder):
    return dss(folder, "DssSignatures")


def dss_lists(folder):
    return dss(folder, "DssLists")


def dss_make(folder):
    return dss(folder, "DssMake", "DssSignatures")


def class_path_in(path):
    if not os.path.exists(path):
        return [path]
    with open(path) as f:
        return f.read().strip().split(":")


def dss_accepts(answer, data, chains):
    """Everything that DSS computes about the one record holds: objects found and
    intact, imprints, signatures, and what each renewal covers: the token before
    it, or every object with the chains before it.
    chains: how many time-stamps each has."""
    links = sum(chains) - len(chains) + (len(chains) - 1) * data
    records = answer["records"]
    if answer["error"] or len(records) != 1:
        return False
    r = records[0]
    return (r["found"] == r["intact"] == r["objects"] == data
            and r["imprints"] == r["signatures"] == r["stamps"] == sum(chains)
            and r["links"] == r["held"] == links and r["structure"])


def bc_accepts(answer):
    return answer["read"] and answer["present"] and answer["valid"]


def er_check(record, datas):
    arguments = [sys.executable, os.path.join(HERE, "er_check.py"), record]
    for d in datas:
        arguments += ["--data", d]
    r = subprocess.run(arguments, capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr
