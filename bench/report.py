"""The figures as a page: medians, their ratio, the bar it has to reach."""

import os
import pathlib
import platform
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench/results"

# (scenario, least ratio to the peer, peer, least part of smtp-sink or None).
BARS = [
    ("intake, 50 sessions, a connection per message", 8, "Postfix", 0.78),
    ("intake, 50 sessions, many messages per connection", 12, "Postfix", 0.68),
    ("intake, 1 session", 1.5, "Postfix", None),
    ("intake, 1,000 sessions at once", 8, "Postfix", None),
    ("cost of durability", 0.6, "without sync", None),
    ("local delivery, 50 users, to Maildir/new", 6, "Postfix", None),
    ("local delivery, one user, forwarded to three others", 5, "Postfix", None),
    ("local delivery, one user", 5, "Postfix", None),
    ("local delivery, messages of 1 KiB", 3, "Postfix", None),
    ("local delivery, messages of 64 KiB", 3, "Postfix", None),
    ("local delivery, messages of 200 KiB", 3, "Postfix", None),
    ("local delivery, messages of 1 MiB", 3, "Postfix", None),
    ("one message of 100 MB, to a Maildir", 1, "Postfix", None),
    ("relay, in and out to a sink", 6.5, "Postfix", None),
    ("list, 10,000 recipients at 10,000 domains", 4.5, "Postfix", None),
    ("list, 10,000 recipients at one domain", 2, "Postfix", None),
    ("POP3: RETR of 4 KiB in one session", 1.3, "Dovecot", None),
    ("POP3: sessions of one RETR", 1, "Dovecot", None),
    ("checked intake, a connection per message", 0.7, "unchecked", None),
    ("checked intake, a connection per message", 8, "Postfix", None),
    ("checked intake, many messages per connection", 0.55, "unchecked", None),
    ("checked intake, many messages per connection", 8, "Postfix", None),
    ("filtered intake, rspamd", 2, "Postfix", None),
    ("relay, signed by Ed25519", 0.85, "unsigned", None),
    ("relay, signed by RSA-2048 and Ed25519", 0.5, "unsigned", None),
]


def write(path, rows, rounds, seconds):
    """Writes the page."""
    table = {}
    for title, server, figures in rows:
        table.setdefault(title, {}).setdefault(server, []).append(figures)
    text = [
        "# Kopis beside its peers", "",
        f"{machine()}; {rounds} round{'s' * (rounds != 1)} in turn, {seconds / 60:.0f} minutes; "
        f"commit {commit()}. `bench/run` repeats it.",
        "Default settings, syncs on, messages of 4 KiB; the load runs on the same cores: smtp-source "
        "for intake, `load send` of bench/Load for local delivery and relay, one client for a list; "
        "sinks are `load sink`. Rates are a second: median (least – most).",
        "`load keep` is one thread that writes each message to its Maildir and syncs, without a queue "
        "or anybody's rights. OpenSMTPD has 5 sessions at most: its backlog of connections is 5.", "",
        "| scenario | Kopis | peer | ratio | bar | of smtp-sink | of `load keep` |",
        "|---|---|---|---|---|---|---|"]
    for title, least, peer, part in BARS:
        if "Kopis" in table.get(title, {}) and peer in table[title]:
            text.append(rated(title, table[title], least, peer, part))
    text += others(table)
    text += before(table)
    text += ["", "## Figures of Kopis alone", "", *alone(table)]
    text += ["", "## Time to 250, and CPU", "",
             "Of one more client beside smtp-source, and of all messages of `load send`, in ms; CPU "
             "seconds for 1,000 messages until the last 250, and until all is quiet; those of `load`.",
             "",
             "| scenario | server | p50 | p99 | CPU | CPU in all | load |",
             "|---|---|---|---|---|---|---|"]
    for title, servers in table.items():
        for server, all_figures in servers.items():
            if "cpu_all" in all_figures[0]:
                cells = [middle(all_figures, key) for key in ("p50", "p99", "cpu", "cpu_all", "load")]
                text.append(f"| {title} | {server} | {' | '.join(cells)} |")
    text += ["", "## Memory after intake", "",
             "| server | program | processes | PSS KiB | CPU s |", "|---|---|---|---|---|"]
    for server, all_figures in table.get("memory after intake", {}).items():
        for name, (count, pss, cpu) in sorted(all_figures[-1]["processes"].items()):
            text.append(f"| {server} | {name} | {count} | {pss:,} | {cpu:.2f} |")
    path = pathlib.Path(path)
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(text) + "\n")


def others(table):
    """Each rate that more peers than one have."""
    names = ("Kopis", "Postfix", "Exim", "OpenSMTPD")
    lines = [f"| {title} | " + " | ".join(
        spread(rates(servers[name])) if name in servers else "" for name in names) + " |"
        for title, servers in table.items()
        if "Exim" in servers and "rate" in servers["Exim"][0]]
    return lines and ["", "## Beside more peers", "", f"| scenario | {' | '.join(names)} |",
                      "|---|---|---|---|---|", *lines]


def before(table):
    """Each rate, and the CPU of a message, beside those of the binary of before."""
    lines = []
    for title, servers in table.items():
        if not {"Kopis", "Kopis before"} <= servers.keys() or "rate" not in servers["Kopis"][0]:
            continue
        then, now = servers["Kopis before"], servers["Kopis"]
        cpu = [statistics.median([f["cpu_all"] for f in one]) if "cpu_all" in one[0] else None
               for one in (then, now)]
        ratio = statistics.median(rates(now)) / statistics.median(rates(then))
        lines.append(f"| {title} | {spread(rates(then))} | {spread(rates(now))} | {ratio:.3f} | "
                     + (f"{cpu[0]:.3f} | {cpu[1]:.3f} | {cpu[1] / cpu[0]:.3f} |" if cpu[0]
                        else " | | |"))
    return lines and [
        "", "## Beside the binary of before", "",
        "| scenario | before | now | ratio | CPU before | CPU now | ratio |",
        "|---|---|---|---|---|---|---|", *lines]


def rated(title, servers, least, peer, part):
    ours, theirs = rates(servers["Kopis"]), rates(servers[peer])
    ratio = statistics.median(ours) / statistics.median(theirs)
    met = ratio >= least
    parts = {name: statistics.median(ours) / statistics.median(rates(servers[name]))
             for name in ("smtp-sink", "load keep") if name in servers}
    sink = ""
    if "smtp-sink" in parts:
        sink = f"{parts['smtp-sink']:.0%}" + (f", bar {part:.0%}" if part else "")
        met = met and (part is None or parts["smtp-sink"] >= part)
    keep = f"{parts['load keep']:.0%}" if "load keep" in parts else ""
    return (f"| {title} | {spread(ours)} | {peer} {spread(theirs)} | **{ratio:.2g}×** "
            f"| {least}× {'met' if met else '**missed**'} | {sink} | {keep} |")


def alone(table):
    lines = []
    title = "list, 1,000 domains, the sink answers after 0.1 s, concurrency 200"
    for server, all_figures in table.get(title, {}).items():
        one = all_figures[-1]
        recipients = one["rate"] * one["seconds"]
        bound = recipients * 0.1 / 200
        least = min(f["seconds"] for f in all_figures)
        lines.append(f"- {title}: {server} {middle(all_figures, 'seconds')} s, least {least:.2f} s; "
                     f"bound {bound:.2f} s, bar 1.3 × that; {one['most_open']} sessions at most.")
    for place in ("remote", "local"):
        title = f"personal mail beside lists and silent hosts, {place}"
        for server, all_figures in table.get(title, {}).items():
            idle, busy, times = (middle(all_figures, key) for key in ("idle", "busy", "times"))
            lines.append(f"- {title}: {server} {idle} ms on an idle host, {busy} ms on a busy one: "
                         f"{times} times, bar 2.")
    for one in table.get("idle host", {}).get("Kopis", []):
        each = ", ".join(f"{name} {kib:,}" for name, kib in sorted(one["memory"].items()))
        lines.append(f"- idle host: PSS {one['pss'] / 1024:.0f} MB in all (bar 120 MB), "
                     f"{one['wakeups']:.1f} wake-ups and {one['cpu'] * 1000:.1f} ms of CPU a second; "
                     f"KiB: {each}.")
    for one in table.get("idle SMTP connections", {}).get("Kopis", []):
        lines.append(f"- {one['clients']:,} idle SMTP connections: {one['kib_each']:.1f} KiB each "
                     f"(bar 8); a new client is served in {one['served_ms']:.1f} ms (bar 50).")
    for one in table.get("recipients queued and deferred", {}).get("Kopis", []):
        lines.append(f"- {one['recipients']:,} recipients queued and deferred: qmail-send "
                     f"{one['bytes_each']:.0f} bytes each (bar 300); restart to the first delivery "
                     f"{one['restart']:.1f} s (bar 10).")
    grown = list(table.get("queue growth: intake, 50 sessions", {}).items())
    if len(grown) == 2:
        few, many = (statistics.median(rates(f)) for _, f in grown)
        lines.append(f"- queue growth: {grown[1][0]}: {many:,.0f}/s, none: {few:,.0f}/s, "
                     f"{many / few:.2f} (bar 0.95).")
    for title, servers in table.items():
        for server, all_figures in servers.items():
            if "value" in all_figures[0]:
                lines.append(f"- {title}: {server} {all_figures[0]['value']:.2f}.")
            if "bytes" in all_figures[0]:
                lines.append(f"- {title}: {server} {float(middle(all_figures, 'bytes')) / 1e6:.1f} "
                             "MB a second.")
            if "slowest" in all_figures[0]:
                lines.append(f"- {title}: {server} {middle(all_figures, 'p50')} ms, p99 "
                             f"{middle(all_figures, 'p99')} ms.")
    return lines


def rates(all_figures):
    return [one["rate"] for one in all_figures]


def spread(values):
    def shown(value):
        return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"
    return f"{shown(statistics.median(values))} ({shown(min(values))} – {shown(max(values))})"


def middle(all_figures, key):
    found = [one[key] for one in all_figures if key in one]
    return f"{statistics.median(found):.2f}" if found else ""


def commit():
    return subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                          capture_output=True, text=True, check=False).stdout.strip()


def machine():
    postfix = subprocess.run(["postconf", "-dh", "mail_version"], capture_output=True, text=True,
                             check=False).stdout.strip()
    return (f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, "
            f"ext4, Postfix {postfix}")
