using System.Buffers;
using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Mail.Filtering;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Milter;

/// <summary>Our side of the dialog with a filter about one message: it makes packets for stages,
/// and interprets the replies. No I/O. Each stage says whether a reply will come; the caller waits
/// for it before the next stage.</summary>
public sealed class MilterDialog(MilterAgreement agreement, MilterMacros macros)
{
    /// <summary>The most changes of one message by one filter. Usual filters make about ten.
    /// </summary>
    public const int ChangesMax = 2000;

    /// <summary>The longest reason for quarantine in bytes; it goes into a field and the log.
    /// </summary>
    public const int ReasonBytesMax = 200;

    /// <summary>The most bytes of all changes, without a body.</summary>
    public const int ChangesBytesMax = 1024 * 1024;

    private const int FieldBytesMax = MilterPacket.DataBytesMax - 1024; // Room for the name.
    private const int RepliesMax = 100_000; // A new body comes in pieces.

    private readonly ArrayBufferWriter<byte> _data = new();
    private MessageChanges _changes = new();
    private bool _isAtEnd;
    private bool _isInBody;
    private int _changesBytes;
    private int _replies;
    private char _stage;

    /// <summary>The reply to the client, with <see cref="MilterStep.Refuse"/>.</summary>
    public SmtpAnswer? Answer { get; private set; }

    /// <summary>What is wrong, with <see cref="MilterStep.Fault"/>.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>The filter's changes, once it has accepted the message.</summary>
    public MessageChanges Changes => _changes;

    /// <summary>Whether the filter is told of the body.</summary>
    public bool WantsBody => !Has(MilterSteps.NoBody);

    /// <summary>Tells the filter of the client.</summary>
    public bool Connect(IBufferWriter<byte> to, MilterClient client)
    {
        if (Has(MilterSteps.NoConnect))
        {
            return false;
        }

        macros.Write(to, MilterStage.Connect, 'C', agreement);
        Begin();
        MilterPacket.AddText(_data, client.Name, FieldBytesMax);
        _data.Write([(byte)client.Family]);
        if (client.Family != 'U')
        {
            BinaryPrimitives.WriteUInt16BigEndian(_data.GetSpan(2), client.Port);
            _data.Advance(2);
            MilterPacket.AddText(_data, client.Address);
        }

        return Send(to, 'C', MilterSteps.QuietConnect);
    }

    /// <summary>Tells the filter of the client's HELO.</summary>
    public bool Helo(IBufferWriter<byte> to, byte[] name)
    {
        if (Has(MilterSteps.NoHelo) || name.Length == 0)
        {
            return false;
        }

        macros.Write(to, MilterStage.Helo, 'H', agreement);
        Begin();
        MilterPacket.AddText(_data, name, FieldBytesMax);
        return Send(to, 'H', MilterSteps.QuietHelo);
    }

    /// <summary>Tells the filter of the sender.</summary>
    public bool Sender(IBufferWriter<byte> to, byte[] address) =>
        !Has(MilterSteps.NoSender)
        && Address(to, MilterStage.Sender, 'M', address, MilterSteps.QuietSender);

    /// <summary>Tells the filter of a recipient.</summary>
    public bool Recipient(IBufferWriter<byte> to, byte[] address) =>
        !Has(MilterSteps.NoRecipients)
        && Address(to, MilterStage.Recipient, 'R', address, MilterSteps.QuietRecipients);

    /// <summary>Tells the filter that the message follows.</summary>
    public bool Data(IBufferWriter<byte> to)
    {
        if (!agreement.HasData)
        {
            return false;
        }

        macros.Write(to, MilterStage.Data, 'T', agreement);
        Begin();
        return Send(to, 'T', MilterSteps.QuietData);
    }

    /// <summary>Tells the filter a field of the header.</summary>
    /// <param name="to">The output.</param>
    /// <param name="field">A field in the form of <see cref="EditableHeader.Fields"/>.</param>
    public bool Field(IBufferWriter<byte> to, byte[] field)
    {
        if (Has(MilterSteps.NoHeaders))
        {
            return false;
        }

        Begin();
        ReadOnlySpan<byte> value = EditableHeader.ValueOf(field);
        if (!Has(MilterSteps.LeadingSpace) && value is [(byte)' ', ..])
        {
            value = value[1..];
        }

        MilterPacket.AddText(_data, EditableHeader.NameOf(field), 1000);
        MilterPacket.AddText(_data, value, FieldBytesMax);
        return Send(to, 'L', MilterSteps.QuietHeaders);
    }

    /// <summary>Tells the filter that the header has ended.</summary>
    public bool EndOfHeader(IBufferWriter<byte> to)
    {
        if (Has(MilterSteps.NoEndOfHeader))
        {
            return false;
        }

        macros.Write(to, MilterStage.EndOfHeader, 'N', agreement);
        Begin();
        return Send(to, 'N', MilterSteps.QuietEndOfHeader);
    }

    /// <summary>Tells the filter a piece of the body, with lines that end in CRLF, of at most
    /// <see cref="MilterPacket.DataBytesMax"/>.</summary>
    public bool Body(IBufferWriter<byte> to, ReadOnlySpan<byte> piece)
    {
        Begin();
        _data.Write(piece);
        _isInBody = true;
        return Send(to, 'B', MilterSteps.QuietBody);
    }

    /// <summary>Tells the filter that the message has ended. Replies follow until one is not a
    /// change.</summary>
    public bool EndOfMessage(IBufferWriter<byte> to)
    {
        macros.Write(to, MilterStage.EndOfMessage, 'E', agreement);
        Begin();
        _isAtEnd = true;
        return Send(to, 'E', MilterSteps.None);
    }

    /// <summary>Interprets a reply.</summary>
    public MilterStep OnReply(MilterReply reply)
    {
        if (++_replies > RepliesMax)
        {
            return Wrong("too many replies");
        }

        switch (reply.Kind)
        {
            case MilterReplyKind.Continue:
                return MilterStep.Continue;
            case MilterReplyKind.Accept:
                return MilterStep.Accept;
            case MilterReplyKind.Discard:
                return MilterStep.Discard;
            case MilterReplyKind.Progress:
                return MilterStep.Wait;
            case MilterReplyKind.Skip when _isInBody && !_isAtEnd && Has(MilterSteps.Skip):
                return MilterStep.Skip;
            case MilterReplyKind.Reject:
                return Refuse(MilterAnswer.Rejected);
            case MilterReplyKind.Later or MilterReplyKind.Shutdown
                or MilterReplyKind.ConnectionFailed:
                return Refuse(MilterAnswer.Later);
            case MilterReplyKind.ReplyCode:
                return Refuse(MilterAnswer.Parse(reply.First));
            default:
                return _isAtEnd ? Change(reply)
                    : Wrong($"{Shown(reply.Kind)} to {_stage}");
        }
    }

    private bool Has(MilterSteps step) => agreement.Steps.HasFlag(step);

    private void Begin() => _data.ResetWrittenCount();

    private bool Send(IBufferWriter<byte> to, char letter, MilterSteps quiet)
    {
        MilterPacket.Write(to, letter, _data.WrittenSpan);
        (_stage, _replies) = (letter, 0);
        return quiet == MilterSteps.None || !Has(quiet);
    }

    private bool Address(
        IBufferWriter<byte> to, MilterStage stage, char letter, byte[] address, MilterSteps quiet)
    {
        Address parts = new(address);
        string kind = stage == MilterStage.Sender ? "mail" : "rcpt";
        macros.Set($"{{{kind}_addr}}", address);
        macros.Set($"{{{kind}_host}}", parts.HasAt ? parts.Domain.ToArray() : null);
        macros.Write(to, stage, letter, agreement);
        Begin();
        MilterPacket.AddText(
            _data, [(byte)'<', .. AddressQuote.Quote(address), (byte)'>']);
        return Send(to, letter, quiet);
    }

    private MilterStep Refuse(SmtpAnswer? answer)
    {
        Answer = answer;
        _changes = new MessageChanges();
        return answer is null ? Wrong("a reply code that is no refusal") : MilterStep.Refuse;
    }

    private MilterStep Change(MilterReply reply)
    {
        MilterActions needed = reply.Kind switch
        {
            MilterReplyKind.AddHeader or MilterReplyKind.InsertHeader => MilterActions.AddHeaders,
            MilterReplyKind.ChangeHeader => MilterActions.ChangeHeaders,
            MilterReplyKind.ReplaceBody => MilterActions.ChangeBody,
            MilterReplyKind.AddRecipient => MilterActions.AddRecipients,
            MilterReplyKind.AddRecipientWithParameters => MilterActions.AddRecipientsWithParameters,
            MilterReplyKind.DeleteRecipient => MilterActions.DeleteRecipients,
            MilterReplyKind.ChangeSender => MilterActions.ChangeSender,
            MilterReplyKind.Quarantine => MilterActions.Quarantine,
            _ => MilterActions.None,
        };
        if (needed == MilterActions.None || !agreement.Actions.HasFlag(needed))
        {
            return Wrong($"a change that was not agreed on, {Shown(reply.Kind)}");
        }

        if (reply.Kind == MilterReplyKind.ReplaceBody)
        {
            return MilterStep.BodyPart;
        }

        _changesBytes += reply.First.Length + reply.Second.Length;
        if (_changesBytes > ChangesBytesMax
            || _changes.Fields.Count + _changes.Recipients.Count >= ChangesMax)
        {
            return Wrong("too many changes");
        }

        return TryChange(reply) ? MilterStep.Wait
            : Wrong($"a change that cannot be made, {Shown(reply.Kind)}");
    }

    private bool TryChange(MilterReply reply)
    {
        switch (reply.Kind)
        {
            case MilterReplyKind.AddHeader:
                return TryField(FieldEditKind.Add, 0, reply);
            case MilterReplyKind.InsertHeader:
                // Our own Received line is field 1 for Sendmail; nothing goes before it.
                return TryField(
                    FieldEditKind.Insert, Number(reply.Index == 0 ? 0 : reply.Index - 1), reply);
            case MilterReplyKind.ChangeHeader:
                return TryField(FieldEditKind.Change, Math.Max(1, Number(reply.Index)), reply);
            case MilterReplyKind.Quarantine:
                _changes.Quarantine = Base.LogText.Safe(
                    reply.First.AsSpan(0, Math.Min(reply.First.Length, ReasonBytesMax)));
                return true;
            case MilterReplyKind.ChangeSender:
                _changes.Sender = ReadAddress(reply.First);
                return _changes.Sender is not null;
            default:
                return TryRecipient(reply);
        }
    }

    private bool TryField(FieldEditKind kind, int index, MilterReply reply)
    {
        FieldEdit? edit = FieldEdit.Make(
            kind, index, reply.First, reply.Second, Has(MilterSteps.LeadingSpace));
        if (edit is null)
        {
            return false;
        }

        _changes.Add(edit);
        return true;
    }

    private bool TryRecipient(MilterReply reply)
    {
        RecipientParameters parameters = default;
        foreach (Range range in reply.Second.AsSpan().Split((byte)' '))
        {
            ReadOnlySpan<byte> word = reply.Second.AsSpan()[range];
            if (!word.IsEmpty
                && RecipientParameters.Parse(word, ref parameters) == ParameterStatus.Bad)
            {
                return false;
            }
        }

        if (ReadAddress(reply.First) is not { Length: > 0 } address)
        {
            return false;
        }

        _changes.Add(new RecipientEdit(
            address, reply.Kind != MilterReplyKind.DeleteRecipient, parameters));
        return true;
    }

    // An address as in MAIL and RCPT; without brackets all of it is the address.
    private static byte[]? ReadAddress(byte[] text) =>
        SmtpPath.TryParse(
            text.Contains((byte)'<') ? text : [(byte)'<', .. text, (byte)'>'],
            out byte[] address, out _)
        && !address.AsSpan().ContainsAnyInRange((byte)0, (byte)31) && !address.Contains((byte)127)
            ? address : null;

    private static int Number(uint index) => (int)Math.Min(index, int.MaxValue);

    private static string Shown(MilterReplyKind kind) =>
        Base.LogText.Safe([(byte)kind]);

    private MilterStep Wrong(string fault)
    {
        Fault = fault;
        _changes = new MessageChanges();
        return MilterStep.Fault;
    }
}
