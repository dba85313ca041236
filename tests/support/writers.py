"""Every way to write into an array in place, as functions of the array."""

from numparam import nd


def set_all(array):
    array[:] = 5


def set_first(array):
    array[0] = 5


def set_by_numbers(array):
    array[[0]] = 5


def add_one(array):
    array += 1


def set_through_a_part(array):
    array[0:1][:] = 5


def set_through_a_reshape(array):
    array.reshape((-1, 1))[0] = 5


def copy_zeros(array):
    nd.zeros(array.shape).copyto(array)


def exp(array):
    nd.exp(array, out=array)


def reset(array):
    nd.reset_arrays(array, num_arrays=1)


#: Those that write into the array itself.
WRITERS = (set_all, set_first, set_by_numbers, add_one, copy_zeros, exp, reset)
#: Those that write into other arrays on its memory.
THROUGH_VIEWS = (set_through_a_part, set_through_a_reshape)
