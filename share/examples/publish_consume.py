#!/usr/bin/env python3
"""publish_consume.py - publishes messages, then consumes what there is

usage: publish_consume.py SPOOL [MESSAGE...]

Publishes each MESSAGE to the queue `greetings' of a spool (a directory), and prints all
messages that its group `readers' has not had yet.  It calls libmqspool through ctypes, so
that nothing has to be compiled; the structures are those of mqspool.h.
"""
import os
import sys
from ctypes import (CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p, c_int,
                    c_int64, c_size_t, c_uint, c_uint64, c_void_p, cast, string_at)

OK, NOTHING, EBUSY = 0, 1, -11
AUTOCREATE = 1
ACK = 1


class Error(Structure):
    _fields_ = [("code", c_int), ("text", c_char * 508)]


class Options(Structure):
    _fields_ = [("flags", c_uint), ("clock_shift", c_int64),
                ("interrupted", CFUNCTYPE(c_int, c_void_p)),
                ("on_damage", CFUNCTYPE(None, c_void_p, c_char_p)),
                ("notice", CFUNCTYPE(None, c_void_p, c_char_p)),
                ("progress", CFUNCTYPE(None, c_void_p, c_char_p, c_uint64, c_uint64)),
                ("arg", c_void_p), ("map_size", c_size_t),
                ("engines", c_char_p), ("helpers", c_char_p)]


class Message(Structure):
    _fields_ = [("key", c_char_p), ("key_len", c_size_t),
                ("headers", c_void_p), ("headers_len", c_size_t),
                ("body", c_void_p), ("body_len", c_uint64), ("body_fd", c_int),
                ("large", c_void_p),
                ("priority", c_int), ("not_before", c_int64), ("expires", c_int64),
                ("message_id", c_char_p), ("message_id_len", c_size_t),
                ("id", c_char_p), ("seq", c_uint64), ("lease", c_uint64),
                ("time", c_int64), ("attempt", c_uint)]


class Settlement(Structure):
    _fields_ = [("verb", c_int), ("seq", c_uint64), ("lease", c_uint64), ("delay", c_int64),
                ("reason", c_char_p), ("detail", c_char_p)]


lib = CDLL("libmqspool.so.1")
ERR = POINTER(Error)
for name, result, arguments in [
        ("spool_open", c_int, [POINTER(c_void_p), c_char_p, POINTER(Options), ERR]),
        ("spool_free", None, [c_void_p]),
        ("publisher_open", c_int, [POINTER(c_void_p), c_void_p, c_char_p, c_void_p, ERR]),
        ("publisher_send", c_int, [c_void_p, POINTER(Message), c_uint64, ERR]),
        ("publisher_flush", c_int, [c_void_p, ERR]),
        ("publisher_free", None, [c_void_p]),
        ("consumer_open", c_int,
         [POINTER(c_void_p), c_void_p, c_char_p, c_char_p, c_void_p, ERR]),
        ("consumer_claim", c_int,
         [c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_int), ERR]),
        ("consumer_next", c_int, [c_void_p, POINTER(Message), ERR]),
        ("consumer_settle", c_int, [c_void_p, POINTER(Settlement), ERR]),
        ("consumer_close", c_int, [c_void_p, ERR]),
        ("consumer_free", None, [c_void_p])]:
    function = getattr(lib, "mqs_" + name)
    function.restype, function.argtypes = result, arguments


def call(name, *arguments):
    """Calls mqs_NAME; raises an error, and returns OK or another expected answer."""
    err = Error()
    code = getattr(lib, "mqs_" + name)(*arguments, byref(err))
    if code < 0 and code != EBUSY:
        raise OSError(err.text.decode())
    return code


def publish(spool, bodies):
    """Stores messages: when the flush has returned, they are on the disk."""
    publisher = c_void_p()
    call("publisher_open", byref(publisher), spool, b"greetings", None)
    try:
        for body in bodies:     # the bytes must stay until the flush
            message = Message(body=cast(c_char_p(body), c_void_p), body_len=len(body),
                              body_fd=-1)
            while call("publisher_send", publisher, byref(message), 0) == EBUSY:
                call("publisher_flush", publisher)      # the batch was full
        call("publisher_flush", publisher)
    finally:
        lib.mqs_publisher_free(publisher)


def read_body(descriptor, length):
    """A large body, which comes as a descriptor; one read may return less."""
    parts, at = [], 0
    while at < length:
        part = os.pread(descriptor, length - at, at)
        if not part:
            raise OSError("a body ends after %d of %d bytes" % (at, length))
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def messages(consumer):
    """Yields bodies until there are none.  One is acknowledged when the next is asked for."""
    message, count = Message(), c_size_t()
    while True:
        while call("consumer_next", consumer, byref(message)) == OK:
            if message.body is None and message.body_fd != -1:      # a large one
                yield read_body(message.body_fd, message.body_len)
            else:
                yield string_at(message.body, message.body_len)
            call("consumer_settle", consumer,
                 byref(Settlement(verb=ACK, seq=message.seq, lease=message.lease)))
        # This carries out the settlements, too.
        if call("consumer_claim", consumer, 100, byref(count), None) == NOTHING:
            return


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: publish_consume.py SPOOL [MESSAGE...]")
    spool, consumer = c_void_p(), c_void_p()
    where, *bodies = map(os.fsencode, sys.argv[1:])
    call("spool_open", byref(spool), where, byref(Options(flags=AUTOCREATE)))
    try:
        publish(spool, bodies)
        call("consumer_open", byref(consumer), spool, b"greetings", b"readers", None)
        try:
            for body in messages(consumer):
                sys.stdout.buffer.write(body + b"\n")
                sys.stdout.buffer.flush()
            call("consumer_close", consumer)
        finally:
            lib.mqs_consumer_free(consumer)
    finally:
        lib.mqs_spool_free(spool)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit("publish_consume.py: " + str(error))
