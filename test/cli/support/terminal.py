"""Runs a command on a pseudo-terminal, types when the screen shows what was awaited, reports how it ended.

stdin: {"argv", "cwd", "env", "steps": [{"await": text, "type": text} | {"await": text, "signal": number}]}
stdout: {"screen", "code" | "signal", "steps": number of steps done}
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

DEADLINE = 25

job = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.chdir(job["cwd"])
    os.execvpe(job["argv"][0], job["argv"], job["env"])

screen = b""
seen = done = 0
deadline = time.monotonic() + DEADLINE
while time.monotonic() < deadline:
    if not select.select([terminal], [], [], 0.2)[0]:
        continue
    try:
        data = os.read(terminal, 65536)
    except OSError:  # The other end is closed: the command is over.
        break
    if not data:
        break
    screen += data
    while done < len(job["steps"]):
        step = job["steps"][done]
        at = screen.find(step["await"].encode(), seen)
        if at == -1:
            break
        seen = at + len(step["await"].encode())
        done += 1
        if "type" in step:
            os.write(terminal, step["type"].encode())
        else:
            os.kill(pid, step["signal"])
else:
    os.kill(pid, 9)

_, status = os.waitpid(pid, 0)
report = {"screen": screen.decode(errors="replace"), "steps": done}
if os.WIFSIGNALED(status):
    report["signal"] = os.WTERMSIG(status)
else:
    report["code"] = os.WEXITSTATUS(status)
json.dump(report, sys.stdout)
