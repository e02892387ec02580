"""The page for people says what the policies say."""

from infra.privileges import PAGE, page


def test_the_committed_page_is_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m infra.privileges"
