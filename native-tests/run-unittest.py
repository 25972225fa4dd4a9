"""run-unittest.py REPORT FOLDER: runs Python's unittest discovery in FOLDER and writes what happened as CTRF."""
import json
import sys
import unittest


class Recording(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.tests = []

    def _record(self, test, status, message=""):
        self.tests.append({"name": str(test), "status": status, "message": message})

    def addSuccess(self, test):
        super().addSuccess(test)
        self._record(test, "passed")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._record(test, "failed", self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self._record(test, "failed", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, "skipped", reason)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._record(subtest, "failed", str(error[1]))


report, folder = sys.argv[1:]
sys.path.insert(0, ".")
suite = unittest.defaultTestLoader.discover(folder, pattern="test*.py", top_level_dir=None)
result = unittest.TextTestRunner(resultclass=Recording, verbosity=2).run(suite)
with open(report, "w", encoding="utf-8") as file:
    json.dump({"results": {"tests": result.tests}}, file)
sys.exit(0 if result.wasSuccessful() else 1)
