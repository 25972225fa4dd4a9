"""CommandPty.py [--until TEXT --send intr|q|nothing]... -- COMMAND...: runs a command on a terminal of its own (120 x 40).

Waits for each TEXT in turn, then types. Prints JSON: the exit code (-n for a signal: a program that handles Ctrl-C ends by itself), all that the terminal was sent, whether its settings and its cursor
are as before, and what the program left in the keyboard's buffer. Gives up after HEARTH_PTY_SECONDS (default 120) with "gave_up" true.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

KEYS = {"intr": b"\x03", "q": b"q", "nothing": b""}
steps, arguments = [], sys.argv[1:]
while arguments[0] != "--":
    steps.append((arguments[1].encode(), KEYS[arguments[3]]))
    arguments = arguments[4:]
command = arguments[1:]

master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.closerange(3, 256)
    # As a shell on a terminal starts it: who runs the tests in the background of a script has its children ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ["TERM"] = "xterm"
    os.execvp(command[0], command)

output, seen, code, gave_up = b"", 0, None, False
deadline = time.monotonic() + float(os.environ.get("HEARTH_PTY_SECONDS", "120"))
while True:
    if steps and steps[0][0] in output[seen:]:
        seen = output.index(steps[0][0], seen) + len(steps[0][0])
        os.write(master, steps.pop(0)[1])
    ready, _, _ = select.select([master], [], [], 0.1)
    if ready:
        output += os.read(master, 65536)
        continue
    if code is not None:
        break
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    elif time.monotonic() > deadline and not gave_up:
        gave_up = True
        os.kill(child, signal.SIGKILL)

after = termios.tcgetattr(slave)
print(json.dumps({
    "code": code, "gave_up": gave_up, "output": output.decode("utf-8", "replace"), "settings_kept": after == before,
    "cursor_shown": output.rfind(b"\x1b[?25l") <= output.rfind(b"\x1b[?25h"), "main_screen": output.rfind(b"\x1b[?1049h") <= output.rfind(b"\x1b[?1049l"),
}))
