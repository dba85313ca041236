"""The mapping inside a dictionary of parameters."""

from collections import OrderedDict

import pytest

from numparam.devices import epochs
from numparam.gluon.entries import Entries, items_now


class ChangedWhileListed(OrderedDict):
    """A mapping that another thread changes during the first two listings."""

    listings = 0

    def items(self):
        self.listings += 1
        if self.listings <= 2:
            raise RuntimeError("OrderedDict mutated during iteration")
        return super().items()


def test_items_are_listed_again_when_the_mapping_changed_meanwhile():
    mapping = ChangedWhileListed(a=1, b=2)
    assert items_now(mapping) == [("a", 1), ("b", 2)]
    assert mapping.listings == 3


def set_one(entries):
    entries["new"] = 1


def update(entries):
    entries.update(new=1)


def merge(entries):
    entries |= {"new": 1}


CHANGES = [
    pytest.param(set_one, id="set"),
    pytest.param(update, id="update"),
    pytest.param(merge, id="|="),
    pytest.param(lambda entries: entries.__delitem__("a"), id="del"),
    pytest.param(Entries.clear, id="clear"),
    pytest.param(Entries.popitem, id="popitem"),
    pytest.param(lambda entries: entries.pop("a"), id="pop"),
    pytest.param(lambda entries: entries.move_to_end("a"), id="move_to_end"),
    pytest.param(lambda entries: entries.setdefault("new"), id="setdefault"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_begins_an_epoch(change):
    entries = Entries(a=1, b=2)
    before = epochs.current()
    change(entries)
    assert epochs.current() != before
