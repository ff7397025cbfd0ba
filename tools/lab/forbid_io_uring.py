#!/usr/bin/env python3
"""usage: forbid_io_uring.py EPERM|ENOSYS COMMAND...: runs it where io_uring_setup fails so, by seccomp."""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
RETURN_ERRNO, RETURN_ALLOW = 0x00050000, 0x7FFF0000
IO_URING_SETUP = 425  # on every architecture


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def instruction(code, if_true, if_false, value):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def main():
    number = getattr(errno, sys.argv[1])
    code = b"".join(
        (
            instruction(0x20, 0, 0, 0),  # the system call's number
            instruction(0x15, 0, 1, IO_URING_SETUP),
            instruction(0x06, 0, 0, RETURN_ERRNO | number),
            instruction(0x06, 0, 0, RETURN_ALLOW),
        )
    )
    text = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*words):
            sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
    os.execvp(sys.argv[2], sys.argv[2:])


main()
