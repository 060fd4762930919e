"""Runs the checks of a client: SCRIPT URL [CHECK...], all of them unless some are named."""

import sys
import traceback


def run(checks):
    url, names = sys.argv[1], sys.argv[2:]
    failed = []
    for check in checks:
        if names and check.__name__ not in names:
            continue
        try:
            check(url)
            print("passed: " + check.__name__, flush=True)
        except Exception:
            failed.append(check.__name__)
            print("failed: " + check.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
    if failed:
        sys.exit("failed: " + ", ".join(failed))
    print("all checks passed")
