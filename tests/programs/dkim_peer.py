"""dkimpy for test_authentication.py, by whichever Python has it:
    sign DIR        DIR/*.msg, in CRLF lines, become DIR/*.eml in all forms, with both keys
    verify DIR      a line for each DIR/*.signed: its name and how many signatures pass"""

import pathlib
import sys

import dkim

FORMS = [(head, body) for head in (b"simple", b"relaxed") for body in (b"simple", b"relaxed")]
DOMAIN = b"sign.example"


def sign(place):
    keys = {b"r": ((place / "r.pem").read_bytes(), b"rsa-sha256"),
            b"e": ((place / "e.seed").read_bytes(), b"ed25519-sha256")}
    for number, path in enumerate(sorted(place.glob("*.msg"))):
        message = path.read_bytes()
        for selector, (key, algorithm) in keys.items():
            if selector == b"r" and number % 4:
                continue  # Slow here, and the forms do not depend on the key.
            for head, body in FORMS:
                field = dkim.sign(message, selector, DOMAIN, key, canonicalize=(head, body),
                                  signature_algorithm=algorithm, length=number % 16 == 5)
                name = f"{path.stem}-{selector.decode()}-{head.decode()}-{body.decode()}.eml"
                (place / name).write_bytes(field + message)


def verify(place):
    records = {f"{one}._domainkey.sign.example.".encode(): (place / f"{one}.txt").read_bytes()
               for one in "re"}
    for path in sorted(place.glob("*.signed")):
        check = dkim.DKIM(path.read_bytes())
        good = sum(check.verify(idx=index, dnsfunc=lambda name, timeout=5: records[name])
                   for index in range(2))
        print(path.name, good)


{"sign": sign, "verify": verify}[sys.argv[1]](pathlib.Path(sys.argv[2]))
