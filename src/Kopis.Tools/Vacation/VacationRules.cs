using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Tools.Vacation;

/// <summary>Decides whether a message may be answered automatically (RFC 3834 §2): only one that a
/// person sent to this person. It gets the header fields one by one; no I/O.</summary>
/// <param name="own">The user's addresses.</param>
internal sealed class VacationRules(IReadOnlyList<byte[]> own)
{
    // Fields of mail that was not written by a person to one reader (RFC 2369, RFC 2919, RFC 3834
    // §2).
    private static readonly string[] Signs =
    [
        "list-id", "list-post", "list-help", "list-unsubscribe", "list-subscribe", "list-owner",
        "list-archive", "mailing-list", "x-auto-response-suppress", "x-loop", "feedback-id",
        "x-autoreply", "x-autorespond",
    ];

    private static readonly string[] Recipients =
        ["to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"];

    private static readonly string[] Machines =
    [
        "mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply",
        "majordomo", "listserv", "listproc", "daemon", "nobody", "bounce", "bounces", "root",
    ];

    private bool _isAutomatic;
    private bool _isNamed;

    /// <summary>The message's subject on one line.</summary>
    internal byte[] Subject { get; private set; } = [];

    /// <summary>The message's Message-ID.</summary>
    internal byte[] MessageId { get; private set; } = [];

    /// <summary>Whether to answer, once the header has ended.</summary>
    internal bool IsAnswered => _isNamed && !_isAutomatic;

    /// <summary>Evaluates a field.</summary>
    internal void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        string field = ByteText.ToText(Ascii8.ToLower(name));
        _isAutomatic |= Signs.Contains(field)
            || (field == "auto-submitted" && !IsWord(value, "no"u8))
            || (field == "precedence" && (IsWord(value, "bulk"u8) || IsWord(value, "junk"u8)
                || IsWord(value, "list"u8)))
            || (field == "content-type"
                && Ascii8.StartsWithIgnoreCase(value, "multipart/report"u8))
            || (field == "x-spam-flag" && IsWord(value, "yes"u8));
        if (field == "subject")
        {
            Subject = OneLine(value);
        }
        else if (field == "message-id")
        {
            MessageId = OneLine(value);
        }
        else if (Recipients.Contains(field))
        {
            _isNamed |= AddressList.Read(value, new AddressDefaults([], [], [])).Addresses
                .Any(address => own.Any(one => Ascii8.EqualsIgnoreCase(one, address)));
        }
    }

    /// <summary>Whether the envelope sender is a person: not empty, not the user, and without the
    /// name of a list or a machine.</summary>
    internal bool IsPerson(ReadOnlySpan<byte> sender)
    {
        Address parts = new(sender);
        if (!parts.HasAt || parts.Local.IsEmpty || sender.SequenceEqual("#@[]"u8))
        {
            return false;
        }

        foreach (byte[] one in own)
        {
            if (Ascii8.EqualsIgnoreCase(one, sender))
            {
                return false;
            }
        }

        string local = ByteText.ToText(Ascii8.ToLower(parts.Local));
        return !Machines.Contains(local)
            && !local.StartsWith("owner-", StringComparison.Ordinal)
            && !local.StartsWith("bounce-", StringComparison.Ordinal)
            && !local.StartsWith("bounces-", StringComparison.Ordinal)
            && !local.StartsWith("bounces+", StringComparison.Ordinal)
            && !local.EndsWith("-request", StringComparison.Ordinal)
            && !local.EndsWith("-relay", StringComparison.Ordinal)
            && !local.EndsWith("-owner", StringComparison.Ordinal)
            && !local.EndsWith("-bounces", StringComparison.Ordinal)
            && !local.Contains("-return-", StringComparison.Ordinal);
    }

    /// <summary>The first word of a field's body, up to a parameter.</summary>
    private static bool IsWord(ReadOnlySpan<byte> value, ReadOnlySpan<byte> word)
    {
        int end = value.IndexOfAny(";( \t"u8);
        return Ascii8.EqualsIgnoreCase(end < 0 ? value : value[..end], word);
    }

    /// <summary>Removes characters that could end a line of ours.</summary>
    private static byte[] OneLine(ReadOnlySpan<byte> value)
    {
        byte[] line = value[..Math.Min(value.Length, 800)].ToArray(); // RFC 5322 §2.1.1: 998.
        foreach (ref byte b in line.AsSpan())
        {
            b = b is < (byte)' ' or 0x7F ? (byte)' ' : b;
        }

        return line;
    }
}
