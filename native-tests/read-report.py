"""read-report.py SUITE FILE SKIPS FAILURES: prints "passed failed skipped" of a CTRF (JSON) or TAP report, and appends each skip and failure with its text."""
import json
import re
import sys

suite, path, skips, failures = sys.argv[1:]


def ctrf(text):
    # A failure's text may be the output of a program on a terminal, control characters and all, which the report does not escape.
    for test in json.loads(text, strict=False)["results"]["tests"]:
        message = test.get("message") or ""
        trace = test.get("trace") or ""
        yield test["name"], test["status"], (message + ("\n" + trace if test["status"] == "failed" and trace else "")).strip()


def tap(text):
    """node --test: nested; suites report themselves too, only leaves ("type: 'test'") are counted."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = re.match(r"\s*(not ok|ok) \d+ - (.*?)(?: # (SKIP|TODO)\s*(.*))?$", line)
        if not match:
            continue
        block, indent = [], len(line) - len(line.lstrip())
        for following in lines[number + 1:]:
            block.append(following)
            if following.strip() == "...":
                break
        details = "\n".join(block)
        if "type: 'suite'" in details:
            continue
        # A file is listed as the parent of its tests.
        if number and lines[number - 1].strip().startswith("1..") and len(lines[number - 1]) - len(lines[number - 1].lstrip()) > indent:
            continue
        status = "skipped" if match[3] else "passed" if match[1] == "ok" else "failed"
        yield match[2], status, match[4] if match[3] else details if status == "failed" else ""


with open(path, encoding="utf-8") as file:
    content = file.read()
counts = {"passed": 0, "failed": 0, "skipped": 0}
with open(skips, "a", encoding="utf-8") as skip_file, open(failures, "a", encoding="utf-8") as failure_file:
    for name, status, message in (ctrf if content.lstrip().startswith("{") else tap)(content):
        # Not a test of this run: another test starts it in a process of its own, under the filters (DotnetWorkload), and reports what it did.
        if status not in ("passed", "failed", "skipped") and message.startswith("Not run (due to explicit"):
            continue
        kind = status if status in ("passed", "skipped") else "failed"
        counts[kind] += 1
        if kind == "skipped":
            # One line a reason, however many rows share it.
            print(f"{suite}: {re.sub(r'[(].*', '', name).rsplit('.', 1)[-1]}: {message.splitlines()[0] if message else 'no reason given'}", file=skip_file)
        elif kind == "failed":
            print(f"{suite}: {name}\n    " + "\n    ".join(message.splitlines()[:30]), file=failure_file)
print(*counts.values())
