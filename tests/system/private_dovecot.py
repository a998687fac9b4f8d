"""A Dovecot of a test's own, over the mailbox of its host."""

import pwd
import subprocess

from host import NOBODY, free_port, wait_port

PASSWORD = "dovecots-own"


def start(case, protocol):
    """Starts one that speaks imap or pop3 until the case ends; its port."""
    base, port = case.host.base / "dovecot", free_port()
    base.mkdir(mode=0o755)
    box = case.host.maildir(case.host.address)
    nobody = pwd.getpwuid(NOBODY)
    (base / "passwd").write_text(f"{case.host.address}:{{PLAIN}}{PASSWORD}:{NOBODY}:"
                                 f"{nobody.pw_gid}::{box.parent}::\n")
    (base / "dovecot.conf").write_text(f"""\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = {protocol}
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{box}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
service {protocol}-login {{
  inet_listener {protocol} {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = {base}/passwd
}}
userdb {{
  driver = passwd-file
  args = {base}/passwd
}}
""")
    process = subprocess.Popen(["dovecot", "-F", "-c", base / "dovecot.conf"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    case.addCleanup(process.wait)
    case.addCleanup(process.terminate)
    wait_port(port)
    return port
