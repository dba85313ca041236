import copy
import pickle

from numparam.initializer import InitDesc


def test_a_description_is_its_name():
    desc = InitDesc("fc_weight", {"__init__": "ones"}, 3)
    assert desc == "fc_weight"
    assert {desc: 1}["fc_weight"] == 1
    assert desc.attrs == {"__init__": "ones"}
    assert desc.global_init == 3


def test_descriptions_share_no_attributes():
    assert InitDesc("a").attrs is not InitDesc("b").attrs


def test_copies_keep_the_attributes():
    desc = InitDesc("a", {"__init__": "ones"})
    for twin in (pickle.loads(pickle.dumps(desc)), copy.deepcopy(desc)):
        assert twin == "a"
        assert twin.attrs == desc.attrs
