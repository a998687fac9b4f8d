using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Posix;

namespace Kopis.Inject;

/// <summary>The header of a message, which qmail-inject makes fit to send (contract §5.2): it
/// completes, removes and adds fields, and takes the recipients and the sender from them. No I/O.
/// </summary>
internal sealed class InjectHeader(InjectIdentity identity, DateTimeOffset now)
{
    private static readonly string[] RecipientFields =
        ["To", "Cc", "Bcc", "Apparently-To", "Resent-To", "Resent-Cc", "Resent-Bcc"];

    private static readonly string[] AddressFields =
    [
        "Sender", "From", "Reply-To", "Return-Path", "Return-Receipt-To", "Errors-To",
        "Resent-Sender", "Resent-From", "Resent-Reply-To",
    ];

    private static readonly string[] ResentFields =
    [
        "Resent-Sender", "Resent-From", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc",
        "Resent-Date", "Resent-Message-ID",
    ];

    private readonly HashSet<string> _present = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<byte[]> _plainRecipients = [];
    private readonly List<byte[]> _resentRecipients = [];
    private readonly List<byte[]> _followUp = []; // The last field's first.
    private readonly ArrayBufferWriter<byte> _kept = new();
    private byte[]? _unclearPlain;
    private byte[]? _unclearResent;

    /// <summary>The sender in a Return-Path field; null if there is none.</summary>
    internal byte[]? ReturnPath { get; private set; }

    /// <summary>A field that must be an address list but cannot be parsed; the message is then
    /// refused.</summary>
    internal byte[]? Unparsable { get; private set; }

    /// <summary>The recipients in the header; for a resent message, those of the Resent- fields.
    /// </summary>
    internal IReadOnlyList<byte[]> Recipients =>
        IsResent ? _resentRecipients : _plainRecipients;

    /// <summary>A recipient field that is ambiguous; null if there is none.</summary>
    internal byte[]? UnclearRecipients => IsResent ? _unclearResent : _unclearPlain;

    private bool IsResent => ResentFields.Any(_present.Contains);

    /// <summary>Adds one field, with its continuation lines and its last LF.</summary>
    internal void Add(ReadOnlySpan<byte> field)
    {
        if (field.StartsWith("From "u8))
        {
            _kept.Write("MBOX-Line: "u8);
            _kept.Write(field);
            return;
        }

        int colon = field.IndexOf((byte)':');
        string name = ByteText.ToText(field[..colon].TrimEnd(" \t"u8));
        ReadOnlySpan<byte> body = field[(colon + 1)..];
        bool isRecipients = Is(name, RecipientFields);
        AddressList? list = isRecipients || Is(name, AddressFields)
            ? AddressList.Read(body, identity.Defaults)
            : null;
        if (list is { IsWhole: false } && !isRecipients)
        {
            Unparsable ??= field.ToArray();
            return;
        }

        if (isRecipients)
        {
            NoteRecipients(name, field, list!);
        }

        Keep(name, field, list);
    }

    /// <summary>The new header: the missing fields first, then those that were there.</summary>
    /// <param name="followUpList">The addresses of QMAILMFTFILE; empty if there are none.</param>
    internal byte[] Build(IReadOnlyCollection<byte[]> followUpList)
    {
        ArrayBufferWriter<byte> to = new();
        string resent = IsResent ? "Resent-" : "";
        Add(to, resent + "Date", ByteText.ToBytes(QmailDate.Rfc822(now)));
        Add(to, resent + "Message-ID", MessageId());
        Add(to, resent + "From", identity.FromField);
        if (!_present.Contains(resent + "To") && !_present.Contains(resent + "Cc"))
        {
            Add(to, resent + "Cc", "recipient list not shown: ;"u8.ToArray());
        }

        if (!IsResent && !_present.Contains("Mail-Followup-To")
            && _followUp.Any(address => Contains(followUpList, address)))
        {
            AddFollowUp(to);
        }

        to.Write(_kept.WrittenSpan);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>Whether a line can begin a field: a name of printable bytes, then a colon.
    /// </summary>
    internal static bool IsField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            return false;
        }

        ReadOnlySpan<byte> name = line[..colon].TrimEnd(" \t"u8);
        return !name.IsEmpty && !name.ContainsAnyExceptInRange((byte)33, (byte)126);
    }

    private void NoteRecipients(string name, ReadOnlySpan<byte> field, AddressList list)
    {
        bool resent = name.StartsWith("Resent-", StringComparison.OrdinalIgnoreCase);
        IEnumerable<byte[]> named = list.Addresses.Where(address => address.Length > 0);
        (resent ? _resentRecipients : _plainRecipients).AddRange(named);
        ref byte[]? unclear = ref resent ? ref _unclearResent : ref _unclearPlain;
        unclear ??= list.IsUnclear ? field.ToArray() : null;
        if (Is(name, ["To", "Cc"]))
        {
            _followUp.InsertRange(0, named);
        }
    }

    private void Keep(string name, ReadOnlySpan<byte> field, AddressList? list)
    {
        bool removed = Is(name, ["Bcc", "Resent-Bcc", "Content-Length"])
            || (Is(name, ["From"]) && identity.Has('f'))
            || (Is(name, ["Message-ID"]) && identity.Has('i'));
        if (Is(name, ["Return-Path"]))
        {
            if (!identity.Has('s') && list!.Addresses.Count > 0)
            {
                ReturnPath ??= list.Addresses[^1];
            }

            return;
        }

        if (removed)
        {
            if (ResentFields.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                _present.Add(name);
            }

            return;
        }

        _present.Add(name);
        if (list is { IsWhole: true })
        {
            list.WriteField(_kept, ByteText.ToBytes(name));
        }
        else
        {
            _kept.Write(field);
        }
    }

    private void Add(ArrayBufferWriter<byte> to, string name, byte[] body)
    {
        if (!_present.Contains(name))
        {
            to.Write(ByteText.ToBytes(name + ": "));
            to.Write(body);
            to.Write("\n"u8);
        }
    }

    private byte[] MessageId() =>
    [
        .. ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"<{now.UtcDateTime:yyyyMMddHHmmss}.{Processes.Id}.qmail@")),
        .. identity.IdHost, (byte)'>',
    ];

    private void AddFollowUp(ArrayBufferWriter<byte> to)
    {
        to.Write("Mail-Followup-To: "u8);
        for (int i = 0; i < _followUp.Count; i++)
        {
            to.Write(i > 0 ? ",\n  "u8 : ""u8);
            to.Write(AddressQuote.Quote(_followUp[i]));
        }

        to.Write("\n"u8);
    }

    private static bool Contains(IReadOnlyCollection<byte[]> list, byte[] address) =>
        list.Any(entry => Ascii8.EqualsIgnoreCase(entry, address));

    private static bool Is(string name, ReadOnlySpan<string> names)
    {
        foreach (string other in names)
        {
            if (string.Equals(name, other, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
