"""Virtual users as `kopis user add` leaves them, but for what a password costs: 4,096 iterations
(RFC 7677's least, and Dovecot's) where Kopis's own hashes have 600,000, which are 0.2 s of CPU for
the hash and for each login. test_kopis_user and test_virtual_store are about users that the program
makes."""

import base64
import hashlib
import hmac
import os
import secrets

ITERATIONS = 4096


def hash_of(password):
    """A hash of users/virtual (docs/decisions/passwords.md)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))
    return "$".join(["scram-sha-256", str(ITERATIONS),
                     *(base64.b64encode(part).decode() for part in parts)])


def write(home, address, password, owner=None):
    """A line of users/virtual and its mailbox, of the owners of users and users/mail; where these
    are not there they are the caller's or `owner`'s. `kopis user compile` makes the line known."""
    local, _, domain = address.partition("@")
    users, mail = home / "users", home / "users/mail"
    for path, mode in (users, 0o755), (mail, 0o700):
        if not path.exists():
            path.mkdir(mode=mode)
            if owner is not None:
                os.chown(path, owner, owner)
    maildir = mail / domain / local / "Maildir"
    for path in (mail / domain, maildir.parent, maildir,
                 *(maildir / part for part in ("tmp", "new", "cur"))):
        path.mkdir(mode=0o700, exist_ok=path == mail / domain)
        own_as(path, mail)
    virtual = users / "virtual"
    to = os.open(virtual, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open(to, "w", encoding="ascii") as file:
        file.write(f"{address}:{hash_of(password)}:mail/{domain}/{local}\n")
    own_as(virtual, users)


def own_as(path, other):
    status = other.stat()
    os.chown(path, status.st_uid, status.st_gid)
