"""Sites of Postfix for test_migrate: small, with virtual domains, with relays, odd. Each is the lines of a
main.cf, its files, and addresses to ask both servers about. {etc} is the directory, {one} and {two} are ports."""

USERS = ("amy", "ben", "gus", "mel")  # Of the host.

SMALL = {
    "main": """
myhostname = mx.small.example
mydomain = small.example
myorigin = $mydomain
mydestination = $myhostname, $mydomain, localhost.$mydomain, localhost
alias_maps = hash:{etc}/aliases
mynetworks = 127.0.0.0/8 [::1]/128 192.0.2.0/28
message_size_limit = 20000000
""",
    "aliases": """
# The usual ones.
postmaster: root
root: amy, gus@small.example
info: ben
  , "mel"
news: info, friend@far.example
webmaster: Amy
"two words": amy
archive: {etc}/archive.mbox
outer: :include:{etc}/outer
around: :include:{etc}/around
shared: "mel", :include:{etc}/staff, shared-box@far.example
d.ot: Amy
under_score: ben
nobody-reads: /dev/null
count: "|/usr/bin/wc -l > /dev/null"
staff: :include:{etc}/staff
owner-staff: amy
club: :include:{etc}/club
null: /dev/null
gus: "|/bin/cat >/dev/null"
""",
    "staff": "amy, ben\n# not here\nfriend@far.example\n",
    "club": "staff\nnews@small.example\n",
    "outer": "ben, :include:{etc}/staff\n\"Mel Smith\" <mel@small.example>\n",
    "around": "amy\n:include:{etc}/outer\nclub@far.example\n",
    "names": ["postmaster", "root", "info", "news", "webmaster", "archive", "count", "staff",
              "owner-staff", "club", "null", "gus", "amy", "ben", "mel", "nosuch", "INFO", "Amy", "outer",
              "around", "shared", "d.ot", "under_score", "nobody-reads", "amy-x", "amy+x", "owner-club"],
    "domains": ["small.example", "mx.small.example", "localhost"],
    "more": ["x@far.example", "friend@far.example", "amy@localhost.small.example",
             "\"two words\"@small.example", "amy@[192.0.2.99]", "amy@[IPv6:2001:db8::1]"],
    "told": [(r'"two words"@.*', r"aliases:\d+: two words: ")],
}

VIRTUAL = {
    "main": """
myhostname = mx.host.example
mydestination = $myhostname, localhost
alias_maps = hash:{etc}/aliases
virtual_alias_domains = alias.example, mirror.example texthash:{etc}/more-domains
virtual_alias_maps = texthash:{etc}/virtual, inline:{{ {{late@alias.example = amy}} }}, regexp:{etc}/patterns
virtual_mailbox_domains = box.example all.example
virtual_mailbox_base = {etc}/mail
virtual_mailbox_maps = hash:{etc}/boxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
""",
    "aliases": "postmaster: amy\nabuse: postmaster\n",
    "more-domains": "more.example anything\n",
    "patterns": "# not carried\n/^help-.*@more\\.example$/ amy\n",
    "virtual": """
alias.example   anything
info@alias.example  joe@box.example, ann@box.example
sales@alias.example info@alias.example
  x@far.example
@alias.example  ben@mx.host.example
ops@more.example amy
Mixed@more.example  Joe@box.example
@mirror.example @box.example
special@mirror.example x@far.example
abuse@box.example   joe@box.example
joe@box.example     joe@box.example copy@far.example
eve@box.example     ann@box.example
@all.example    catch@far.example
kept@all.example    kept@all.example
helper  gus
""",
    "boxes": "joe@box.example joe/\nann@box.example ann/\neve@box.example eve/\nbob.o'x@box.example b/\n"
             "kept@all.example k/\nlost@all.example l/\n",
    "names": ["info", "sales", "joe", "ann", "eve", "abuse", "nosuch", "kept", "lost", "bob.o'x", "special",
              "helper", "late", "ops", "mixed", "amy"],
    "domains": ["alias.example", "more.example", "mirror.example", "box.example", "all.example",
                "mx.host.example"],
    "more": ["amy@localhost", "x@far.example", "postmaster@mx.host.example", "help-me@more.example",
             "help-you@more.example", "\"joe\"@box.example", "joe@[192.0.2.99]"],
    "told": [(r"help-.*@more\.example", r"patterns:2: /\^help-"),
             (r"(kept|lost)-.*@all\.example", r"virtual:\d+: @all\.example: USER-extension "),
             (r'"?amy"?@(box|more|mirror)\.example', r"main\.cf:\d+: (box|more)\.example: users of the host ")],
}

RELAYS = {
    "main": """
myhostname = gate.relay.example
mydestination = localhost, gate.relay.example
alias_maps =
relay_domains = inner.example, deep.example, mixed.example
transport_maps = texthash:{etc}/transport
relayhost = [127.0.0.1]:{one}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:{etc}/sasl
virtual_alias_maps = texthash:{etc}/virtual
mynetworks = 127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, !10.9.9.9, 2001:db8::/32
smtpd_sender_restrictions = check_sender_access texthash:{etc}/senders
smtpd_client_restrictions = check_client_access cidr:{etc}/clients, permit
""",
    "transport": "inner.example smtp:[127.0.0.1]:{two}\n.inner.example relay:[127.0.0.1]:{two}\n"
                 "deep.example :[127.0.0.1]:{two}\ndirect.example smtp:\nsame.example :\n"
                 "v6.example smtp:[::1]:{two}\nvip@inner.example smtp:[127.0.0.1]:{one}\n"
                 "gone.example error:5.1.1 no such domain\n",
    "sasl": "[127.0.0.1]:{one} user@provider.example:pass:word\n",
    "virtual": "boss@inner.example  amy@gate.relay.example\nteam@mixed.example a@inner.example b@far.example\n",
    "senders": "spam.example REJECT\nbad@ok.example 550 no\nfine.example OK\n",
    "clients": "198.51.100.0/24 REJECT\n203.0.113.7 REJECT go away\n",
    "names": ["boss", "team", "joe", "amy", "x-y", "no"],
    "domains": ["inner.example", "sub.inner.example", "deep.example", "mixed.example", "same.example",
                "direct.example", "gate.relay.example", "far.example"],
    "more": ["ben@localhost", "vip@inner.example", "x@gone.example", "x@deeper.deep.example",
             "\"joe\"@inner.example", "x@[192.0.2.99]"],
    "told": [(r"vip@inner\.example", r"transport:\d+: vip@inner\.example smtp:"),
             (r".*@gone\.example", r"transport:\d+: gone\.example error:")],
}

ODD = {
    "main": """
myhostname = Odd.Example
mydomain = example
my_names = alpha.example,
# a comment in between
    beta.example
mydestination = $my_names ${{myhostname}} {etc}/names
myorigin = beta.example
alias_maps = hash:{etc}/a1-aliases hash:{etc}/a2-aliases
virtual_alias_maps = texthash:{etc}/virtual regexp:{etc}/patterns
local_transport = local
relayhost =
mynetworks = 127.0.0.1
recipient_delimiter = +
header_checks = regexp:{etc}/header_checks
soft_bounce = no
""",
    "names": ["first", "second", "chain", "deep", "loop-free", "back", "ben", "amy", "pipe", "both", "dot.ted",
              "o'neil", "plus", "up", "amy-x"],
    "files": None,
    "names-file": "gamma.example\n",
    "a1-aliases": "first: amy\nsecond: first\nchain: second, third@alpha.example\nThird: \\ben\nsys: \\ben\n"
          "pipe: \"|/bin/cat\", amy\ndot.ted: amy@gamma.example\no'neil: gus\nup: AMY\n",
    "a2-aliases": "first: gus\nback: \"amy@beta.example\"\ndeep: chain, back\nbroken line\nloop-free: deep,\n first\n"
          "mel: |/bin/false\n",
    "virtual": "both@alpha.example  pipe, x@far.example\nplus@beta.example\tsecond\nbad\n"
               "second@gamma.example first@alpha.example\n@gamma.example catch@far.example\n",
    "patterns": "/^hidden@/ amy\n",
    "header_checks": "/^X-Bad/ REJECT\n",
    "domains": ["alpha.example", "beta.example", "gamma.example", "odd.example"],
    "more": ["mel@odd.example", "third@odd.example", "x@far.example", "hidden@alpha.example",
             "hidden@far.example", "amy+list@alpha.example", "first+x@beta.example",
             "\"first\"@alpha.example", "amy@[192.0.2.99]"],
    "told": [(r"hidden@.*", r"patterns:1: /\^hidden@/"),
             (r"[^@]+\+.*", r"main\.cf:\d+: recipient_delimiter: ")],
}

POSTFIX = {"small": SMALL, "virtual": VIRTUAL, "relays": RELAYS, "odd": ODD}

QMAIL = {
    "small": {
        "files": {"control/me": "mx.small.example\n", "control/locals": "mx.small.example\nsmall.example\n",
                  "control/rcpthosts": "small.example\nmx.small.example\n", "control/databytes": "1000000\n",
                  "control/concurrencyremote": "60\n", "control/defaultdomain": "small.example\n",
                  "alias/.qmail-root": "&amy@small.example\n", "alias/.qmail-postmaster": "&root@small.example\n",
                  "alias/.qmail-info": "&amy@small.example\nben@far.example\n",
                  "alias/.qmail-list-default": "|/bin/cat\n", "alias/.qmail-dot:ted": "/tmp/box\n"},
        "names": ["root", "postmaster", "info", "list-a", "list", "dot.ted", "amy", "ben", "nosuch", "amy-x"],
        "more": ["\"info\"@small.example", "amy@[192.0.2.99]", "amy@[IPv6:2001:db8::1]"],
        "domains": ["small.example", "mx.small.example", "far.example"],
    },
    "virtual": {
        "files": {"control/me": "mx.host.example\n", "control/locals": "mx.host.example\n",
                  "control/rcpthosts": "mx.host.example\nv1.example\n.v2.example\n",
                  "control/morercpthosts": "v3.example\nv4.example\n",
                  "control/virtualdomains": "v1.example:alias-v1\n.v2.example:amy\none@v3.example:alias-one\n"
                                            "v4.example:ben-four\nout.v2.example:\n",
                  "alias/.qmail-v1-info": "&amy@mx.host.example\n", "alias/.qmail-v1-default": "&ben@mx.host.example\n",
                  "alias/.qmail-one-one": "&gus@mx.host.example\n", "alias/.qmail-boss": "amy@mx.host.example\n",
                  "users/assign": "=boss:ben:42002:65534:{base}/ben:::\n+team-:amy:42001:65534:{base}/amy:-::\n.\n"},
        "names": ["info", "x", "one", "boss", "team-a", "amy"],
        "domains": ["v1.example", "a.v2.example", "out.v2.example", "v3.example", "v4.example", "mx.host.example"],
    },
    "relays": {
        "files": {"control/me": "gate.example\n", "control/locals": "gate.example\n",
                  "control/rcpthosts": "gate.example\ninner.example\n.inner.example\n",
                  "control/smtproutes": "inner.example:127.0.0.1:2525\n.inner.example:[::1]:2526\nlog.example:127.0.0.1"
                                        ":2527\ndirect.example:\n:127.0.0.1:2528\n",
                  "rules": "127.:allow,RELAYCLIENT=\"\"\n10.1.2.3:allow,RELAYCLIENT=\"\"\n192.0.2.:deny\n:allow\n",
                  "alias/.qmail-default": "&amy@gate.example\n"},
        "words": ("--rules", "{theirs}/rules"),
        "names": ["amy", "joe", "some.one", "gus", "a-b"],
        "domains": ["gate.example", "inner.example", "a.inner.example", "direct.example", "far.example", "log.example"],
    },
    "odd": {
        "files": {"control/me": "  odd.example\n".strip() + "  \nmore\n", "control/locals": "odd.example\n# no\n\nALPHA.example \n",
                  "control/rcpthosts": "odd.example\nalpha.example\n",
                  "control/spfbehavior": "3\n", "control/percenthack": "odd.example\n",
                  "control/badmailfrom": "@spam.example\nbad@spam2.example\n",
                  "control/smtproutes": "prov.example:127.0.0.1:2525\n",
                  "alias/.qmail": "./Maildir/\n",
                  "alias/.qmail-mixed": "# comment\n&amy@odd.example\n|/bin/true\n./box\n",
                  "alias/.qmail-empty": "", "alias/.qmail-postmaster": "./Maildir/\n",
                  "users/assign": "=who:ben:42002:65534:{base}/ben:::\n.\n"},
        "names": ["mixed", "who", "postmaster", "a%b.example", "nobody-at-all", "amy", "ben", "gus", "empty", "mixed-x",
                  "who-x", "o'neil", "amy%far.example", "a.b"],
        "domains": ["odd.example", "alpha.example", "prov.example"],
    },
    "vpopmail": {
        "files": {
            "control/me": "mx.vpop.example\n", "control/locals": "mx.vpop.example\n",
            "control/rcpthosts": "mx.vpop.example\nv1.example\nv2.example\nother.example\n",
            "control/virtualdomains": "v1.example:v1.example\nv2.example:v2.example\n"
                                      "other.example:other.example\n",
            "alias/.qmail-postmaster": "&amy@mx.vpop.example\n",
            "users/assign": "+v1.example-:v1.example:42009:65534:{theirs}/domains/v1.example:-::\n"
                            "+v2.example-:v2.example:42009:65534:{theirs}/domains/v2.example:-::\n"
                            "+other.example-:v1.example:42009:65534:{theirs}/domains/v1.example:-::\n.\n",
            "domains/v1.example/vpasswd": "".join(
                f"{name}:$1$xyz$hash:1:{flags}:{name}:{{theirs}}/domains/v1.example/{name}:{more}\n"
                for name, flags, more in (
                    ("postmaster", 0, "NOQUOTA"), ("joe", 0, "NOQUOTA:correct horse"),
                    ("ann", 0, "10485760S,100C:"), ("bob", 2, "5242880:correct horse"), ("eve", 0, ""), ("x.y", 0, "50M"))),
            "domains/v1.example/.qmail-default": "| {theirs}/bin/vdelivermail '' bounce-no-mailbox\n",
            "domains/v1.example/.qmail-info": "&joe@v1.example\n&x@far.example\n",
            "domains/v1.example/.qmail-sales": "{theirs}/domains/v1.example/ann/Maildir/\nbob@v1.example\n",
            "domains/v1.example/.qmail-robot": "|/usr/bin/autorespond 10 5\n&joe@v1.example\n",
            "domains/v1.example/.qmail-void": "# nobody reads it\n",
            "domains/v1.example/.qmail-dot:ted": "&Ann@v1.example\n",
            "domains/v1.example/.qmail-eve": "&ann@v1.example\n",
            "domains/v1.example/joe/.qmail": "&joe-home@far.example\n{theirs}/domains/v1.example/joe/Maildir/\n",
            "domains/v1.example/ann/.qmail": "\n",
            "domains/v2.example/vpasswd": "ops:x:1:0:Ops:{theirs}/domains/v2.example/ops:NOQUOTA\n",
            "domains/v2.example/.qmail-default": "| {theirs}/bin/vdelivermail '' ann@v1.example\n",
            "domains/v2.example/.qmail-list-default": "|/usr/bin/ezmlm-manage .\n",
        },
        "names": ["postmaster", "joe", "ann", "bob", "eve", "x.y", "info", "sales", "robot", "void", "dot.ted", "nosuch",
                  "ops", "amy", "list", "list-sub"],
        "domains": ["v1.example", "v2.example", "other.example", "mx.vpop.example"],
        "told": [(r'"?amy"?@(v1|other)\.example', r"\.qmail-default:1: (v1|other)\.example: users of the host "),
                 (r"ops-.*@v2\.example", r"\.qmail-default:1: @v2\.example: USER-extension "),
                 (r'"?list-.*@v2\.example', r"\.qmail-list-default:1: list-default@v2\.example: ")],
    },
    "vpopmail-odd": {
        "files": {
            "control/me": "mx.vpop.example\n", "control/locals": "mx.vpop.example\n",
            "control/rcpthosts": "mx.vpop.example\nv3.example\nv4.example\nv5.example\nv6.example\n",
            "control/virtualdomains": "V3.example:v3.example\nv4.example:v4.example\nv5.example:v5.example\n"
                                      "v6.example:alias-v6\n",
            "alias/.qmail-v6-box": "&amy@mx.vpop.example\n",
            "users/assign": "".join(f"+{name}-:{name}:42009:65534:{{theirs}}/domains/0/{name}:-::\n"
                                    for name in ("v3.example", "v4.example", "v5.example")) + ".\n",
            "domains/0/v3.example/vpasswd.cdb": "joe:x:1:0:Joe:{theirs}/domains/0/v3.example/joe:NOQUOTA\n"
                                                "ann:x:1:0:Ann:{theirs}/domains/0/v3.example/ann:1000000S\n",
            "domains/0/v3.example/.qmail-default": "|{theirs}/bin/vdelivermail '' delete\n",
            "domains/0/v4.example/vpasswd": "Ops:x:1:0:Ops:{theirs}/domains/0/v4.example/ops:7Q\nno line\n",
            "domains/0/v4.example/.qmail-default": "# all else to ops\n"
                                                   "|{theirs}/bin/vdelivermail '' {theirs}/domains/0/v4.example/ops\n",
            "domains/0/v4.example/.qmail-old": "|{theirs}/bin/vdelivermail '' bounce-no-mailbox\n",
            "domains/0/v5.example/vpasswd": "ann:x:1:0:Ann:{theirs}/domains/0/v5.example/ann:NOQUOTA\n",
            "domains/0/v5.example/.qmail-default": "&amy@mx.vpop.example\n",
        },
        "names": ["joe", "ann", "ops", "nosuch", "old", "amy", "box", "a.b", "Ann"],
        "domains": ["v3.example", "v4.example", "v5.example", "v6.example", "mx.vpop.example"],
        "told": [(r'"?old"?@v4\.example', r"\.qmail-old:1: "),
                 (r"(joe|ann)-.*@v3\.example", r"\.qmail-default:1: @v3\.example: USER-extension "),
                 (r".*@v5\.example", r"\.qmail-default:1: &amy@mx\.vpop\.example: not one line with ")],
    },
}

SETTINGS = ("main", "names", "domains", "more", "files", "told")
LEAST = 200

# What else people write for an address.
CHANGES = (
    lambda user, domain: (user.upper(), domain),
    lambda user, domain: (f"{user}-ext", domain),
    lambda user, domain: (f"no{user}", domain),
    lambda user, domain: (user, domain.upper()),
    lambda user, domain: (f"{user}+ext", domain),
    lambda user, domain: (user, f"sub.{domain}"),
    lambda user, domain: (f'"{user}"', domain),
)


def addresses(site):
    """What to ask about: each name at each domain, the site's own odd ones, and changes of those, at least LEAST."""
    first = [f"{name}@{domain}" for domain in site["domains"] for name in site["names"]]
    asked = dict.fromkeys(first + site.get("more", []))
    for turn in range(len(CHANGES)):
        for number, address in enumerate(first):
            if len(asked) >= LEAST:
                break
            user, _, domain = address.rpartition("@")
            asked.setdefault("@".join(CHANGES[(number + turn) % len(CHANGES)](user, domain)))
    return list(asked)


def plain(address):
    """As Kopis has it once a client has sent it."""
    user, _, domain = address.lower().rpartition("@")
    return user.strip('"') + "@" + domain


def write(site, directory, **words):
    """The site's files, and its main.cf with `before` ahead."""
    words["etc"] = directory
    for name, text in site.items():
        if name not in SETTINGS:
            (directory / name.removesuffix("-file")).write_text(text.replace("{etc}", str(directory))
                .replace("{one}", str(words["one"])).replace("{two}", str(words["two"])))
    return site["main"].format(**words)
