"""The packages of requirements.txt that this Python lacks."""

from importlib import metadata

import pytest

from smargs.local.requirements import find_differences

PYTEST = metadata.version("pytest")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("\ufeffnone-such\npytest<1\n", ["none-such is not installed here", f"pytest {PYTEST} is installed here: expected <1"]),
        (
            "none-\\\r\nsuch[a]>1\r\n# of \\\nother-none # pytest<1",
            ["none-such is not installed here", "other-none is not installed here"],
        ),
        ("https://host/a/pytest-0.1-py3-none-any.whl#sha256=0", [f"pytest {PYTEST} is installed here: expected ==0.1"]),
        ("wheels\\pytest-0.1-py3-none-any.whl[a] -C b=1", [f"pytest {PYTEST} is installed here: expected ==0.1"]),
        ("./none-such\nhttps://host/none-such\n-e none-such\n  --no-binary none-such", []),
    ],
)
def test_each_line_names_a_package_as_pip_reads_it(tmp_path, content, lines):
    (tmp_path / "requirements.txt").write_bytes(content.encode())
    assert list(find_differences(tmp_path)) == [f"requirements.txt: {line}" for line in lines]
