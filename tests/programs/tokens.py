"""An issuer of OAuth tokens: signed JWT by the openssl command, and the control files to believe it."""

import base64
import json
import subprocess
import time


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Writes oauthissuer, oauthaudience and oauthkeys into a control directory."""

    name, audience = "https://login.example", "mail"

    def __init__(self, control):
        self.key = control / "issuer.key"
        self.openssl("genrsa", "-out", self.key, "2048")
        modulus = self.openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip()
        (control / "oauthissuer").write_text(self.name + "\n")
        (control / "oauthaudience").write_text(self.audience + "\n")
        (control / "oauthkeys").write_text(json.dumps({"keys": [{
            "kty": "RSA", "use": "sig", "kid": "1", "e": "AQAB",
            "n": b64(bytes.fromhex(modulus.partition("=")[2]))}]}))

    def token(self, account, audience=None, seconds=300):
        """One for an account, good for so long."""
        head = {"alg": "RS256", "kid": "1"}
        body = {"iss": self.name, "aud": audience or self.audience, "email": account,
                "exp": int(time.time()) + seconds}
        text = ".".join(b64(json.dumps(part).encode()) for part in (head, body))
        signature = self.openssl("dgst", "-sha256", "-sign", self.key, input=text.encode())
        return f"{text}.{b64(signature)}"

    @staticmethod
    def openssl(*words, **options):
        return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True,
                              **options).stdout
