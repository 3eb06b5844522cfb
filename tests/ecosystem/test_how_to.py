"""The how-to pages that need packages of this suite do what they say."""

import pytest
from pages import DOCS, follow


@pytest.mark.parametrize("platform", ["toolkit", "sdk"])
@pytest.mark.parametrize("page", ["hugging-face"])
def test_a_page_shows_what_its_commands_print(page, platform, tmp_path):
    follow(DOCS / "how-to" / f"{page}.md", tmp_path, platform)
