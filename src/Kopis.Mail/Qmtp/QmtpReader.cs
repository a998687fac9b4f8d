using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Qmtp;

/// <summary>The server's side of QMTP (contract §9.2): a netstring with the message, one with the
/// sender, and one with the recipients' netstrings. The first byte of the message shows how its
/// lines end.</summary>
public sealed class QmtpReader : ITransferReader
{
    private const int Unknown = -1; // Any byte may come, a NUL too.
    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';

    private readonly IReceivePolicy _policy;
    private readonly NetstringAddress _address = new();
    private readonly List<QmtpVerdict> _verdicts = [];
    private readonly EnvelopeText _envelope = new();
    private readonly EnvelopeRecipients _recipients;
    private readonly List<byte[]> _delivered = []; // Of Delivered-To lines.
    private readonly List<(int Index, RoutedRecipient Recipient)> _open = [];
    private readonly List<(int Index, byte[] Address)> _doubtful = [];
    private HopCounter _hops;
    private NetstringReader _outer; // The message, or what holds the recipients.
    private Part _part;
    private int _lineEnd = Unknown; // Lf or Cr, for CRLF, once it is known.
    private bool _heldCr; // A CR that may be half a line end.
    private long _size;
    private long _listBytes;

    /// <summary>Makes a reader of one client's messages.</summary>
    public QmtpReader(IReceivePolicy policy)
    {
        _policy = policy;
        _recipients = new EnvelopeRecipients(_envelope);
        _hops = NewHops();
    }

    private enum Part
    {
        Message,
        Sender,
        Recipients,
    }

    /// <inheritdoc/>
    public bool IsBegun { get; private set; }

    /// <summary>Whether nothing from this client is accepted.</summary>
    public bool IsRefused { get; init; }

    /// <inheritdoc/>
    public bool IsUnwanted => IsTooBig || !IsSenderFit || IsRefused;

    /// <summary>Whether the message is over the limit.</summary>
    public bool IsTooBig => _policy.MessageBytesMax > 0 && _size > _policy.MessageBytesMax;

    /// <summary>Whether the sender is a valid address.</summary>
    public bool IsSenderFit { get; private set; } = true;

    /// <summary>Whether the message has a recipient.</summary>
    public bool HasRecipients { get; private set; }

    /// <summary>The verdict on each recipient, in order.</summary>
    public IReadOnlyList<QmtpVerdict> Verdicts => _verdicts;

    /// <summary>The first recipients that were not accepted at once, in order, each with the index
    /// of its verdict; empty if they are not valid. At most <see cref="QmtpLimits.DoubtfulMax"/>.
    /// </summary>
    public IReadOnlyList<(int Index, byte[] Address)> Doubtful => _doubtful;

    /// <summary>Recipients that are SRS addresses, each with the index of its verdict. The caller
    /// must say whether they were made here; until then they are Later.</summary>
    public IReadOnlyList<(int Index, RoutedRecipient Recipient)> Open => _open;

    /// <summary>Sets the verdict on one of these.</summary>
    public void Settle(int index, RoutedRecipient recipient, LookupVerdict verdict) =>
        _verdicts[index] = verdict switch
        {
            LookupVerdict.Yes => Add(recipient.Address),
            LookupVerdict.No => QmtpVerdict.BadSrs,
            _ => QmtpVerdict.Later,
        };

    /// <summary>Prepares for the next message.</summary>
    public void Reset()
    {
        _outer = default;
        _address.Reset();
        _verdicts.Clear();
        _delivered.Clear();
        _open.Clear();
        _doubtful.Clear();
        _hops = NewHops();
        _recipients.Clear();
        _envelope.Clear();
        _part = Part.Message;
        _lineEnd = Unknown;
        _heldCr = IsBegun = HasRecipients = false;
        _size = _listBytes = 0;
        IsSenderFit = true;
    }

    /// <summary>The envelope of a complete message: <c>F</c>sender<c>\0</c>, for each accepted
    /// recipient <c>T</c>recipient<c>\0</c>, and a last <c>\0</c>.</summary>
    public byte[] Envelope() => _envelope.ToBytes();

    /// <inheritdoc/>
    public TransferStep Read(ReadOnlySpan<byte> bytes, IBufferWriter<byte> message, out int used)
    {
        used = 0;
        TransferStep step = TransferStep.More;
        while (step == TransferStep.More && used < bytes.Length)
        {
            IsBegun = true;
            ReadOnlySpan<byte> rest = bytes[used..];
            used += _part switch
            {
                Part.Message => ReadMessage(rest, message, out step),
                Part.Sender => ReadSender(rest, out step),
                _ => ReadRecipients(rest, out step),
            };
        }

        return step;
    }

    private int ReadMessage(
        ReadOnlySpan<byte> bytes, IBufferWriter<byte> message, out TransferStep step)
    {
        int used = _outer.Read(bytes, out ReadOnlySpan<byte> content);
        step = NetstringAddress.StepOf(_outer);
        if (_lineEnd == Unknown && !content.IsEmpty)
        {
            _lineEnd = content[0];
            content = content[1..];
        }

        if (_lineEnd is not (Unknown or Lf or Cr) || (_outer.IsOver && _lineEnd == Unknown))
        {
            step = TransferStep.BadProtocol;
            return used;
        }

        if (_lineEnd == Lf)
        {
            Store(content, message);
        }
        else if (!content.IsEmpty)
        {
            StoreDecoded(content, message);
        }

        if (_outer.IsOver)
        {
            Store(_heldCr ? "\r"u8 : [], message);
            _part = Part.Sender;
        }

        return used;
    }

    // CRLF becomes LF; a CR elsewhere is kept.
    private void StoreDecoded(ReadOnlySpan<byte> content, IBufferWriter<byte> message)
    {
        Store(_heldCr && content[0] != Lf ? "\r"u8 : [], message);
        _heldCr = content[^1] == Cr;
        content = _heldCr ? content[..^1] : content;
        int end;
        while ((end = content.IndexOf("\r\n"u8)) >= 0)
        {
            Store(content[..end], message);
            content = content[(end + 1)..];
        }

        Store(content, message);
    }

    private void Store(ReadOnlySpan<byte> content, IBufferWriter<byte> message)
    {
        _size += content.Length;
        _hops.Append(content);
        if (!IsTooBig)
        {
            message.Write(content);
        }
    }

    private int ReadSender(ReadOnlySpan<byte> bytes, out TransferStep step)
    {
        int used = _address.Read(bytes);
        step = _address.Step;
        if (_address.IsOver)
        {
            IsSenderFit = _address.IsFit;
            _envelope.Add((byte)'F', IsSenderFit ? _address.Bytes : []);
            _address.Reset();
            _outer = default;
            _part = Part.Recipients;
        }

        return used;
    }

    private int ReadRecipients(ReadOnlySpan<byte> bytes, out TransferStep step)
    {
        int used = _outer.Read(bytes, out ReadOnlySpan<byte> content);
        step = NetstringAddress.StepOf(_outer);
        _listBytes += content.Length;
        if (_listBytes > QmtpLimits.RecipientListBytesMax)
        {
            step = TransferStep.TooLong;
        }

        while (step == TransferStep.More && !content.IsEmpty)
        {
            content = content[_address.Read(content)..];
            step = _address.Step;
            if (_address.IsOver)
            {
                QmtpVerdict verdict = ReadRecipient();
                if (verdict != QmtpVerdict.Accepted && _doubtful.Count < QmtpLimits.DoubtfulMax)
                {
                    _doubtful.Add(
                        (_verdicts.Count, _address.IsFit ? _address.Bytes.ToArray() : []));
                }

                _verdicts.Add(verdict);
                _address.Reset();
            }
        }

        if (_outer.IsOver && step == TransferStep.More)
        {
            // A netstring that ends beyond its list is malformed.
            step = _address.IsBegun ? TransferStep.BadProtocol : TransferStep.Whole;
        }

        return used;
    }

    private QmtpVerdict ReadRecipient()
    {
        ReadOnlySpan<byte> address = _address.Bytes;
        ReadOnlySpan<byte> suffix = _policy.RelayClient;
        if (!_address.IsFit || address.IsEmpty
            || address.Length + suffix.Length >= NetstringAddress.BytesLimit)
        {
            return QmtpVerdict.Unfit;
        }

        RoutedRecipient recipient = _policy.Route([.. address, .. suffix]);
        if (_policy.RelayClient is null && !_policy.IsOurs(recipient))
        {
            return recipient.MayBeSrs ? QmtpVerdict.Later : QmtpVerdict.NotOurs;
        }

        if (_hops.Count >= SmtpLimits.HopsLimit || HasHadIt(recipient))
        {
            return QmtpVerdict.Looping;
        }

        if (!recipient.IsSrs)
        {
            return Add(recipient.Address);
        }

        if (_open.Count >= _policy.RecipientsMaxFor(user: null))
        {
            return QmtpVerdict.TooMany;
        }

        _open.Add((_verdicts.Count, recipient));
        return QmtpVerdict.Later;
    }

    private QmtpVerdict Add(byte[] address)
    {
        // Equal recipients count once, but each gets an answer.
        if (_recipients.Find(address) < 0)
        {
            if (_recipients.Count >= _policy.RecipientsMaxFor(user: null)
                || _recipients.Bytes + address.Length
                    > _policy.RecipientsBytesMaxFor(user: null))
            {
                return QmtpVerdict.TooMany;
            }

            _recipients.Add(address, [], []);
        }

        HasRecipients = true;
        return QmtpVerdict.Accepted;
    }

    // At most as many as hops are allowed.
    private HopCounter NewHops() => new(address =>
    {
        if (_delivered.Count < SmtpLimits.HopsLimit)
        {
            _delivered.Add(address.ToArray());
        }
    });

    private bool HasHadIt(RoutedRecipient recipient)
    {
        if (recipient.Local is not { } here)
        {
            return false;
        }

        foreach (byte[] one in _delivered)
        {
            if (one.AsSpan().SequenceEqual(here))
            {
                return true;
            }
        }

        return false;
    }
}
