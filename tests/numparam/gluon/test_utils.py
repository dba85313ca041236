import pytest

from numparam.gluon.utils import _brief_print_list, _indent


@pytest.mark.parametrize(
    ("text", "indented"),
    [("", ""), ("a", "a"), ("a\nb", "a\n  b"), ("a\n\nb\n", "a\n  \n  b\n  "), ("\n", "\n  ")],
)
def test_indent_leaves_the_first_line(text, indented):
    assert _indent(text, 2) == indented


@pytest.mark.parametrize(
    ("count", "limit", "text"),
    [
        (0, 7, ""),
        (1, 7, "'0'"),
        (7, 7, "'0', '1', '2', '3', '4', '5', '6'"),
        (8, 7, "'0', '1', '2', ..., '4', '5', '6', '7'"),
        (20, 7, "'0', '1', '2', ..., '16', '17', '18', '19'"),
        (20, 2, "'0', ..., '19'"),
    ],
)
def test_brief_print_list_keeps_the_first_and_the_last(count, limit, text):
    assert _brief_print_list(range(count), limit) == text
    assert _brief_print_list(iter(range(count)), limit) == text
