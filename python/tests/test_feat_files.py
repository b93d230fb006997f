"""Tests in programs, collected by pytest: an item each."""

import subprocess
import sys

PROGRAM = """
module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp)
  unique id
  time at
  arrival time + 1m
}
"""

VIEW = """
view spend of card from payments {
  owner "payments"

  /// What the card spent in an hour.
  feature total = sum(amount) over 1h default 0.0
}
"""

TESTS = """
test "a payment counts" for spend {
  given payments
    | id | card | amount | at                   |
    | 1  | a    | 5.0    | 2026-01-01T00:10:00Z |

  expect at @2026-01-01T01:00:00Z (card: "a") { total = 5.0 }
}

test "a payment counts twice" for spend {
  given payments
    | id | card | amount | at                   |
    | 1  | a    | 5.0    | 2026-01-01T00:10:00Z |

  expect at @2026-01-01T01:00:00Z (card: "a") { total = 10.0 }
}
"""


def ran(folder, *words):
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_one_item_a_test(tmp_path):
    (tmp_path / "shop.feat").write_text(PROGRAM + VIEW + TESTS)
    done = ran(tmp_path, "shop.feat", "-v")
    assert done.returncode == 1, done.stdout
    assert "shop.feat::a payment counts PASSED" in done.stdout
    assert "shop.feat::a payment counts twice FAILED" in done.stdout
    assert "expected  10.0" in done.stdout and "stream    5.0   ok" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert ran(tmp_path, "shop.feat", "--deselect", "shop.feat::a payment counts twice").returncode == 0


def test_files_of_a_folder_are_one_program(tmp_path):
    (tmp_path / "shop.feat").write_text(PROGRAM + VIEW)
    (tmp_path / "tests.feat").write_text("module shop\n" + TESTS)
    done = ran(tmp_path, "-k", "not twice")
    assert done.returncode == 0 and "1 passed, 1 deselected" in done.stdout, done.stdout


def test_a_wrong_program_is_told(tmp_path):
    (tmp_path / "shop.feat").write_text(PROGRAM + VIEW + TESTS.replace("total =", "totl ="))
    done = ran(tmp_path, "shop.feat")
    assert done.returncode == 2 and "E0109" in done.stdout, done.stdout


def test_programs_without_tests_are_left_alone(tmp_path):
    (tmp_path / "shop.feat").write_text("no program at all")
    assert ran(tmp_path).returncode == 5
