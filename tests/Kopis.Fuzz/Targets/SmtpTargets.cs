using System.Buffers;
using System.Net;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;
using Kopis.Mail.SmtpClient;
using Kopis.Queue.Store.Messages;

namespace Kopis.Fuzz.Targets;

/// <summary>SMTP, both sides.</summary>
internal static class SmtpTargets
{
    /// <summary>A client's commands: one sound reply to each line, and a sound envelope.</summary>
    internal static void Session(byte[] input)
    {
        SmtpSession session = new(new OpenPolicy());
        ArrayBufferWriter<byte> reply = new();
        session.Greet(reply, helo: null);
        Must.BeLines(reply.WrittenSpan, "greeting");
        foreach (Range line in input.AsSpan().Split((byte)'\n'))
        {
            reply.ResetWrittenCount();
            ReadOnlySpan<byte> text = input.AsSpan(line);
            SmtpStep step = text.Length > SmtpLimits.LineBytesMax
                ? session.OnLineTooLong(reply)
                : session.OnLine(text is [.., (byte)'\r'] ? text[..^1] : text, reply);
            if (step is SmtpStep.StartTls or SmtpStep.XClient)
            {
                return;
            }

            for (int round = 0; step == SmtpStep.Ask; round++)
            {
                Must.Hold(round < 4, "a question without end"); // Two hooks, sender, recipient.
                if (session.Question.Hook != SmtpHook.None)
                {
                    SmtpRuling ruling = Rulings[text.Length % Rulings.Length];
                    step = session.OnRuling(ruling, reply);
                    continue;
                }

                int asked = session.Question.Recipient.Address.Length;
                step = session.OnAnswer((LookupVerdict)(asked % 7), reply);
            }

            if (step == SmtpStep.Authenticate)
            {
                Must.Hold(session.User is null, "a second login");
                step = Authenticate(session, reply);
            }

            bool isChunk = step == SmtpStep.ReadChunk;
            bool mayBeTwo = step == SmtpStep.Disconnect;
            CheckReplies(reply.WrittenSpan, isChunk ? 0 : 1, mayBeTwo ? 2 : isChunk ? 0 : 1);
            if (step == SmtpStep.ReadMessage
                || (isChunk && session.Chunk.IsLast && session.ChunkRefusal is null))
            {
                byte[] envelope = session.DetachEnvelope();
                Must.Hold(Envelope.Check(envelope) == 0, "an envelope that the queue refuses");
                session.OnProgress();
            }

            if (step is SmtpStep.Quit or SmtpStep.Disconnect)
            {
                return;
            }
        }
    }

    private static readonly SmtpRuling[] Rulings =
    [
        SmtpRuling.None,
        SmtpRuling.None,
        new SmtpRuling { Refusal = SmtpReply.BadHelo },
        new SmtpRuling { SkipsChecks = true, Address = "other@x.example"u8.ToArray() },
        SmtpRuling.None,
        new SmtpRuling { Refusal = SmtpReply.BadHelo, Ends = true },
        new SmtpRuling { Address = "k"u8.ToArray() },
    ];

    /// <summary>An address of MAIL or RCPT.</summary>
    internal static void Path(byte[] input)
    {
        bool good = SmtpPath.TryParse(
            input, out byte[] address, out ReadOnlySpan<byte> parameters);
        Must.Hold(SmtpParameters.Size(parameters) >= 0, "a negative size");
        Must.Hold(
            !good || (address.Length < SmtpPath.AddressBytesLimit
                && address.AsSpan().IndexOfAny("\0\r\n"u8) < 0),
            "an unfit address");
        if (good)
        {
            // What we would say of it to another server is one line, and one address.
            byte[] quoted = AddressQuote.Quote(address);
            Must.Hold(quoted.AsSpan().IndexOfAny("\r\n"u8) < 0, "a line end in an address");
            Must.Hold(
                SmtpPath.TryParse([(byte)'<', .. quoted, (byte)'>'], out byte[] again, out _)
                    && (again.AsSpan().SequenceEqual(address) || address is [(byte)'@', ..]
                        || HasOddHost(address)),
                "quoted and read again it is another");
        }
    }

    /// <summary>ESMTP's words about a message and a recipient: what is kept of them is in one form
    /// and says again what was said.</summary>
    internal static void Parameters(byte[] input)
    {
        MessageParameters message = default;
        RecipientParameters recipient = default;
        foreach (Range range in input.AsSpan().Split((byte)' '))
        {
            ReadOnlySpan<byte> word = input.AsSpan(range);
            _ = MessageParameters.Parse(word, ref message);
            _ = RecipientParameters.Parse(word, ref recipient);
            if (XText.IsSound(word))
            {
                byte[] plain = XText.Decode(word);
                Must.Equal(plain, XText.Decode(XText.Encode(plain)), "xtext");
            }
        }

        byte[] text = message.ToBytes();
        Must.BePrintable(text, "parameters");
        Must.Hold(
            text.Length == 0 || (MessageParameters.TryParse(text, out MessageParameters again)
                && again.ToBytes().AsSpan().SequenceEqual(text)), "other parameters");
        text = recipient.ToBytes();
        Must.Hold(text.AsSpan().IndexOfAny("\0\r\n"u8) < 0, "a line end in parameters");
        Must.Hold(
            text.Length == 0 || (RecipientParameters.TryParse(text, out RecipientParameters same)
                && same.ToBytes().AsSpan().SequenceEqual(text)), "other parameters");
    }

    /// <summary>Message data from a client: where it ends, and that nothing else ends it.</summary>
    internal static void Data(byte[] input)
    {
        ArrayBufferWriter<byte> whole = new();
        SmtpDataStatus status =
            new SmtpDataDecoder().Decode(input, whole, out int consumed);
        (SmtpDataStatus inPieces, int taken, byte[] text) = DecodePieces(input);
        Must.Hold(status == inPieces, "pieces end differently");
        Must.Hold(consumed == taken, "pieces end elsewhere");
        Must.Equal(whole.WrittenSpan, text, "pieces");
        Must.Hold(whole.WrittenSpan.IndexOf((byte)'\r') < 0, "a CR in a stored message");
        if (status == SmtpDataStatus.End)
        {
            ReadOnlySpan<byte> message = input.AsSpan(0, consumed);
            Must.Hold(
                message.SequenceEqual(".\r\n"u8) || message.EndsWith("\r\n.\r\n"u8), "its end");
            ArrayBufferWriter<byte> again = new();
            SmtpBodyEncoder encoder = new();
            encoder.Encode(whole.WrittenSpan, again);
            encoder.Finish(again);
            Must.Hold(
                Undotted(message).SequenceEqual(Undotted(again.WrittenSpan)), "another message");
        }
    }

    /// <summary>Message data to a server: whatever is queued, it ends once and where it should.
    /// </summary>
    internal static void Body(byte[] input)
    {
        ArrayBufferWriter<byte> wire = new();
        SmtpBodyEncoder encoder = new();
        foreach (byte[] piece in Must.Pieces(input))
        {
            encoder.Encode(piece, wire);
        }

        encoder.Finish(wire);
        Must.BeLines(wire.WrittenSpan, "on the wire");
        SmtpDataStatus status =
            new SmtpDataDecoder().Decode(wire.WrittenSpan, Must.Writer(), out int consumed);
        Must.Hold(status == SmtpDataStatus.End, "no end");
        Must.Hold(consumed == wire.WrittenCount, "an end before the end");
    }

    /// <summary>Replies of a server.</summary>
    internal static void Reply(byte[] input)
    {
        ReplyReader reader = new();
        byte[] rest = input;
        while (rest.Length > 0)
        {
            int taken = reader.Read(rest);
            Must.Hold(
                reader.Text.Length <= ReplyReader.KeptBytesMax
                    && reader.Text.IndexOfAny((byte)0, (byte)'\r') < 0, "kept text");
            if (reader.IsEndless || reader.Code == 0)
            {
                return;
            }

            Must.Hold(taken > 0 && reader.Code <= 999, "a reply of nothing");
            _ = ServerOffers.Parse(reader.Text);
            reader.Reset();
            rest = rest[taken..];
        }
    }

    /// <summary>Chunks: what is stored has one kind of line end, however it was cut.</summary>
    internal static void Chunks(byte[] input)
    {
        ArrayBufferWriter<byte> whole = new();
        SmtpChunkDecoder decoder = new();
        bool sound = decoder.TryDecode(input, whole);
        ArrayBufferWriter<byte> text = new();
        SmtpChunkDecoder inPieces = new();
        bool same = true;
        foreach (byte[] piece in Must.Pieces(input))
        {
            same = same && inPieces.TryDecode(piece, text);
        }

        Must.Hold(sound == same, "pieces are judged differently");
        Must.Hold(whole.WrittenSpan.IndexOf((byte)'\r') < 0, "a CR in a stored message");
        if (sound)
        {
            Must.Equal(whole.WrittenSpan, text.WrittenSpan, "pieces");
            Must.Hold(
                whole.WrittenCount + whole.WrittenSpan.Count((byte)'\n')
                    + (decoder.IsInLineEnd ? 1 : 0) == input.Length, "another length");
        }

        if (SmtpChunk.TryParse(input, out SmtpChunk chunk))
        {
            Must.Hold(chunk.Size is >= 0 and < 1_000_000_000_000_000_000, "an impossible size");
        }
    }

    /// <summary>What a host tells of its client.</summary>
    internal static void XClient(byte[] input)
    {
        if (XClientAttributes.TryParse(input, out XClientAttributes said))
        {
            foreach (byte[]? value in
                (byte[]?[])[said.Name, said.Address, said.Port, said.Helo])
            {
                Must.BePrintable(value ?? [], "attribute");
            }
        }
    }

    // The exchange has a target of its own; here PLAIN gets in.
    private static SmtpStep Authenticate(SmtpSession session, ArrayBufferWriter<byte> reply)
    {
        if (!session.Argument.Span.StartsWith("PLAIN"u8))
        {
            return session.OnError(AuthReply.NoMechanism, reply);
        }

        session.OnAuthenticated("joe@d.example"u8.ToArray());
        return session.Say(reply, AuthReply.LoggedIn);
    }

    private static void CheckReplies(ReadOnlySpan<byte> reply, int least, int most)
    {
        int count = 0;
        Must.BeLines(reply, "reply");
        while (!reply.IsEmpty)
        {
            int end = reply.IndexOf("\r\n"u8);
            Must.Hold(
                end >= 4 && reply[0] is >= (byte)'2' and <= (byte)'5'
                    && reply[3] is (byte)' ' or (byte)'-', "a reply without code");
            Must.BePrintable(reply[..end], "reply");
            count += reply[3] == (byte)' ' ? 1 : 0;
            reply = reply[(end + 2)..];
        }

        Must.Hold(count >= least && count <= most, "not one reply");
    }

    private static (SmtpDataStatus Status, int Taken, byte[] Text) DecodePieces(byte[] input)
    {
        SmtpDataDecoder decoder = new();
        ArrayBufferWriter<byte> text = new();
        SmtpDataStatus status = SmtpDataStatus.More;
        int taken = 0;
        foreach (byte[] piece in Must.Pieces(input))
        {
            status = decoder.Decode(piece, text, out int consumed);
            taken += consumed;
            if (status != SmtpDataStatus.More)
            {
                break;
            }
        }

        return (status, taken, text.WrittenSpan.ToArray());
    }

    // A dot that needed no doubling may have been doubled: RFC 5321 §4.5.2 removes any.
    private static ReadOnlySpan<byte> Undotted(ReadOnlySpan<byte> data)
    {
        ArrayBufferWriter<byte> to = new();
        bool start = true;
        for (int i = 0; i < data.Length; i++)
        {
            if (!(start && data[i] == '.' && i + 1 < data.Length && data[i + 1] != '\r'))
            {
                to.Write(data.Slice(i, 1));
            }

            start = data[i] == '\n';
        }

        return to.WrittenSpan;
    }

    // The host is never quoted, so one with a > or quote in it cannot be said.
    private static bool HasOddHost(ReadOnlySpan<byte> address) =>
        address.LastIndexOf((byte)'@') is var at
        && address[(at + 1)..].IndexOfAny(">\"\\"u8) >= 0;

    private sealed class OpenPolicy : ISmtpPolicy
    {
        public ReadOnlyMemory<byte> Greeting { get; } = "mx.example ESMTP"u8.ToArray();

        public long MessageBytesMax => 1_000_000;

        public byte[]? RelayClient => null;

        public int RecipientsMaxFor(byte[]? user) => 100;

        public SmtpExtensions Extensions => SmtpExtensionList.All;

        public ReadOnlyMemory<byte> Mechanisms { get; } = "PLAIN LOGIN"u8.ToArray();

        public IRecipientCheck? Recipients { get; } = new Askers();

        public ISubmissionRules? Submission => null;

        public bool IsEncrypted => false;

        public byte[] NameOwnAddress(byte[] address) => address;

        public bool IsBadSender(ReadOnlySpan<byte> sender) => sender.StartsWith("bad"u8);

        // By its first letter, so that most of the corpus is as it was.
        public bool Rules(SmtpHook hook, in SmtpSubject subject) =>
            subject.Helo is [(byte)'h', ..] or [(byte)'H', ..];

        public bool IsOurs(RoutedRecipient recipient) =>
            !recipient.Address.AsSpan().StartsWith("far"u8);
    }

    // Known by its first letter, or to be asked.
    private sealed class Askers : IRecipientCheck
    {
        public LookupVerdict? Known(RoutedRecipient recipient) =>
            recipient.Address is [(byte)'k', ..] ? LookupVerdict.Yes : null;

        public ValueTask<LookupVerdict> AskAsync(
            RoutedRecipient recipient, IPAddress? client, CancellationToken stop) =>
            ValueTask.FromResult(LookupVerdict.Later);
    }
}
