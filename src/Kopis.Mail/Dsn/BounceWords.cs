using System.Text;
using Kopis.Base;

namespace Kopis.Mail.Dsn;

/// <summary>Words that servers use in replies. Earlier ones take precedence.</summary>
internal static class BounceWords
{
    // These are searched anywhere in a reply in lower case.
    private static readonly (BounceClass Class, byte[][] Words)[] Table =
    [
        // Exchange Online says this of unknown users.
        (BounceClass.BadMailbox, All("recipient address rejected: access denied")),
        (BounceClass.RateLimited, All(
            "rate limit", "rate-limit", "ratelimit", "throttl", "too many connections",
            "too many concurrent", "too many sessions", "too many messages", "too many mails",
            "too many emails", "too much mail", "too fast", "unusual rate", "at a rate that",
            "sending rate", "message rate", "unexpected volume", "exceeded the rate",
            "rate exceeded", "connection limit", "concurrency limit", "maximum connections",
            "maximum number of connections", "max connections", "connections from your",
            "hourly limit", "daily limit", "per hour", "per minute", "4.7.500", "server busy",
            "too many recipients", "temporarily rate")),
        (BounceClass.Loop, All(
            "mail loop", "loop detected", "looping", "loops back", "too many hops", "hop count",
            "too many received")),
        (BounceClass.Quota, All(
            "mailbox full", "mailbox is full", "mailbox for user is full", "over quota",
            "overquota", "over-quota", "quota exceeded", "exceeded quota", "exceed quota",
            "exceeded its quota", "exceeded their quota", "exceeded storage", "exceeds quota",
            "mailbox quota", "disk quota", "storage quota", "out of storage", "allowed storage",
            "not enough storage", "storage limit", "mailbox size limit", "quotaexceeded",
            "inbox is full", "account is full", "user is over", "over the quota",
            "no space left in")),
        (BounceClass.Size, All(
            "message size", "message too large", "message too big", "message is too large",
            "exceeds size limit", "size limit exceeded", "exceeds maximum", "too large",
            "message length exceeds", "maximum size", "exceeds the size")),
        (BounceClass.InactiveMailbox, All(
            "account disabled", "is disabled", "been disabled", "mailbox disabled",
            "user disabled", "inactive", "deactivated", "suspended", "no longer active",
            "account closed", "been closed", "account is locked", "account locked",
            "account expired", "has expired", "no longer in use", "no longer available",
            "dormant", "not active", "terminated", "abandoned")),
        (BounceClass.RelayDenied, All(
            "relay access denied", "relaying denied", "relay not permitted", "to relay",
            "relay denied", "relaying not", "not relay", "rcpthosts", "relay prohibited",
            "relaying is", "be relayed", "relay attempt", "no relaying", "relaying to")),
        (BounceClass.Authentication, All(
            "spf fail", "spf check", "spf record", "spf:", "(spf", " spf ", "dkim", "dmarc",
            "sender policy framework", "unauthenticated", "reverse dns", "ptr record",
            "rdns", "no ptr", "your hostname", "your reverse hostname", "invalid hostname",
            "helo command rejected", "ehlo command rejected", "fully-qualified hostname",
            "sender verif", "sender domain", "domain of sender", "sender address rejected",
            "could not be verified", "not pass authentication", "arc failed")),
        (BounceClass.Policy, All(
            "spamhaus", "spamcop", "barracuda", "sorbs", "blocked using", "listed at",
            "listed in", "listed by", "listed on", "blacklist", "black list", "blocklist",
            "block list", "blocklisted", "denylist", "dnsbl", " rbl", "reputation", "banned",
            "your ip", "ip address", "client host", "is blocked", "been blocked",
            "access denied", "not authorized", "unauthorized", "administratively",
            "administrative prohibition", "by the administrator", "local policy",
            "policy violation", "policy reasons", "due to policy", "security policy",
            "refused by", "restricted", "not allowed to send", "permission to send",
            "poor reputation", "user complaints", "no thanks")),
        (BounceClass.SpamContent, All(
            "spam", "virus", "malware", "phish", "content", "infected", "attachment",
            "unsolicited", "malicious", "suspicious", "junk", "blocked url", "bulk mail")),
        (BounceClass.BadDomain, All(
            "domain not found", "no such domain", "domain does not exist", "unknown domain",
            "host unknown", "unknown host", "domain not hosted", "does not accept mail",
            "domain isn't", "domain is not", "no mail for this domain", "domain unknown")),
        (BounceClass.BadMailbox, All(
            "user unknown", "unknown user", "no such user", "no such recipient",
            "no such mailbox", "no such address", "no such local", "no such account",
            "not exist", "n't exist", "recipient unknown",
            "unknown recipient", "invalid recipient", "invalid mailbox", "invalid address",
            "invalid user", "mailbox not found", "mailbox unavailable", "mailbox unknown",
            "unknown mailbox", "no mailbox", "not found", "couldn't be found",
            "could not be found", "address unknown", "unknown address", "recipientnotfound",
            "bad destination mailbox", "unrouteable address", "unroutable address",
            "undeliverable address", "addressee unknown", "not a valid", "is not valid",
            "no account", "recipient rejected", "not known", "user doesn't have",
            "not our customer", "no valid recipients", "bad address", "unknown local",
            "does not have an account", "recipient address rejected", "no longer on server",
            "not a known user", "unable to find", "no user")),
        (BounceClass.LoginRefused, All(
            "authentication required", "authentication failed", "authentication credentials",
            "must authenticate", "need to authenticate", "not logged in")),
        (BounceClass.TlsFailed, All(
            "must issue a starttls", "starttls first", "tls required", "tls is required",
            "encryption required", "tls not available")),
        (BounceClass.ServerTrouble, All(
            "temporary failure", "temporary lookup failure", "local error", "internal error",
            "insufficient system", "insufficient storage", "out of disk", "shutting down",
            "temporarily unavailable", "service unavailable", "service not available",
            "try again later", "system problem", "resources", "server error", "overload",
            "temporary local", "configuration error", "database", "out of memory",
            "temporary problem", "queue file", "disk full", "load average", "system load")),
        (BounceClass.Dns, All(
            "dns timeout", "dns error", "name server", "lookup failed")),
        (BounceClass.Form, All(
            "8bit", "8-bit", "bare lf", "bare cr", "missing header", "multiple from",
            "header", "line too long", "lines too long", "non-ascii", "smtputf8",
            "syntactically", "malformed")),
        (BounceClass.Protocol, All(
            "bad sequence", "syntax error", "not implemented", "unrecognized command",
            "command not", "unknown command", "unexpected command", "protocol error",
            "out of order", "pipelining")),
    ];

    private static readonly byte[][] Greylisting = All(
        "greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list", "postgrey",
        "milter-grey", "first time", "come back later", "come back in", "please try again in",
        "retry in", "try again after", "unknown sender; try");

    /// <summary>The class that the words of a reply mean; None if they mean nothing.</summary>
    internal static BounceClass Find(ReadOnlySpan<byte> reply, int code)
    {
        byte[] lower = Ascii8.ToLower(reply);

        if (code < 500 && Has(lower, Greylisting))
        {
            return BounceClass.Greylisted;
        }

        foreach ((BounceClass one, byte[][] words) in Table)
        {
            if (Has(lower, words))
            {
                return one;
            }
        }

        return BounceClass.None;
    }

    private static bool Has(ReadOnlySpan<byte> text, byte[][] words)
    {
        foreach (byte[] word in words)
        {
            if (text.IndexOf(word) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static byte[][] All(params ReadOnlySpan<string> words)
    {
        byte[][] all = new byte[words.Length][];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = Encoding.ASCII.GetBytes(words[i]);
        }

        return all;
    }
}
