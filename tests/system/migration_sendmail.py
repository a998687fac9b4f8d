"""Sites of sendmail for test_migrate; as in migration_sites."""

SMALL = {
    "me": "mx.small.example",
    "local-host-names": "# ours\nsmall.example\nwww.small.example\n",
    "aliases": "postmaster: root\nroot: amy, ben\ninfo: mel,\n  friend@far.example\nnews: info\n"
               "count: \"|/usr/bin/wc -l\"\narchive: /var/tmp/archive.mbox\nclub: :include:{etc}/club\n"
               "outer: :include:{etc}/outer\nd.ot: Amy\n\"two words\": ben\n"
               "owner-club: amy\nnull: /dev/null\nboss: Amy@small.example\n",
    "club": "amy, ben\n# comment\nfriend@far.example\n",
    "outer": "mel\n:include:{etc}/club\n",
    "access": "Connect:192.0.2\tRELAY\nFrom:spam.example\tREJECT\nTo:secret@small.example\tREJECT\n"
              "Connect:198.51.100.9\tREJECT\n10.1\tRELAY\n",
    "names": ["postmaster", "root", "info", "news", "count", "archive", "club", "owner-club", "null", "boss",
              "amy", "ben", "mel", "nosuch", "INFO", "outer", "d.ot", "amy+x", "amy-x"],
    "domains": ["small.example", "www.small.example", "mx.small.example", "localhost"],
    "more": ["x@far.example", "friend@far.example", "\"two words\"@small.example", "amy@[192.0.2.99]"],
    "told": [(r'"two words"@.*', r"aliases:\d+: two words: ")],
}

VIRTUAL = {
    "me": "mx.host.example",
    "local-host-names": "host.example\nv1.example\nv2.example\nv3.example\nv4.example\n",
    "aliases": "abuse: amy\nteam: amy, ben\n",
    "virtusertable": "info@v1.example\tteam\nsales@v1.example\tx@far.example\n@v1.example\tben\n"
                     "@v2.example\t%1@v1.example\nspecial@v2.example\tmel\njoe@v3.example\tgus\n"
                     "lyst@v4.example\tabuse\n@v4.example\tcatch@far.example\n",
    "names": ["info", "sales", "joe", "special", "lyst", "abuse", "team", "amy", "nosuch", "x-y"],
    "domains": ["host.example", "mx.host.example", "v1.example", "v2.example", "v3.example", "v4.example"],
    "more": ["catch@far.example", "abuse@localhost"],
}

RELAYS = {
    "me": "gate.relay.example",
    "define": "define(`SMART_HOST', `[192.0.2.25]')dnl",
    "local-host-names": "relay.example\n",
    "aliases": "postmaster: amy\nout: a@inner.example, b@else.example\n",
    "mailertable": "inner.example\tsmtp:[192.0.2.1]\n.inner.example\tesmtp:[192.0.2.2]\n"
                   "other.example\trelay:[192.0.2.3]\n",
    "access": "To:inner.example\tRELAY\nother.example\tRELAY\n172.16\tRELAY\n",
    "names": ["postmaster", "out", "amy", "joe", "a", "b-c"],
    "domains": ["relay.example", "inner.example", "sub.inner.example", "deep.sub.inner.example",
                "other.example", "sub.other.example", "else.example"],
    "more": ["amy@localhost", "gus@gate.relay.example"],
}

ODD = {
    "me": "odd.example",
    "local-host-names": "ALPHA.example\n\nbeta.example   \n",
    "aliases": "first: amy\nchain: second\nSecond:first , \"ben\"\nother:   chain,first\nboth: first, gus@beta.example\n"
               "o'neil: mel\ndot.ted: first@alpha.example\npipe: \"|/bin/cat -n\", other\nmel: |/bin/true\n",
    "virtusertable": "first@beta.example\tben\nplus+x@beta.example\tamy\nbad@alpha.example\terror:nouser 550 no\n"
                     "away@alpha.example\tsecond@beta.example\n",
    "names": ["first", "second", "chain", "other", "both", "o'neil", "dot.ted", "pipe", "mel", "gus", "away", "nope"],
    "domains": ["odd.example", "alpha.example", "beta.example"],
    "more": ["x@far.example"],
}

PLUS = (r"[^@]+\+[^@]+@.*", r"sendmail\.cf:1: user\+detail: ")

for site in (SMALL, VIRTUAL, RELAYS, ODD):
    site["told"] = [*site.get("told", ()), PLUS]

SENDMAIL = {"small": SMALL, "virtual": VIRTUAL, "relays": RELAYS, "odd": ODD}
