"""Entry of Hearth's Python runtime: /usr/bin/python3 [-S] [-I] /var/runtime/bootstrap.py, frames on descriptors 3 and 4."""
import sys

# -I keeps the script's own folder out of sys.path.
_here = __file__.rpartition("/")[0] or "."
if _here not in sys.path:
    sys.path.append(_here)

from _hearth import loop

if __name__ == "__main__":
    loop.run(_here)
