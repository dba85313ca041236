"""Key-value stores: sums over contexts, and weights that are updated where they are stored.

Examples
--------
>>> import numparam as mx
>>> store = mx.kv.create("device")
>>> store.init(0, mx.nd.ones(2))
>>> store.set_optimizer(mx.optimizer.SGD(learning_rate=0.5))
>>> weights = [mx.nd.empty(2, ctx=mx.cpu(i)) for i in range(2)]
>>> store.pushpull(0, [mx.nd.ones(2), mx.nd.ones(2)], out=weights)
>>> weights[1].asnumpy()
array([0., 0.], dtype=float32)
"""

from __future__ import annotations

from numparam._missing import show_public_names
from numparam.kvstore import base, kvstore
from numparam.kvstore.base import KVStoreBase, create
from numparam.kvstore.kvstore import KVStore

__all__ = ["KVStore", "KVStoreBase", "base", "create", "kvstore"]


show_public_names(__name__)
