using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Inject;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;

namespace Kopis.Fuzz.Targets;

/// <summary>Headers, addresses, and lines that are made of them.</summary>
internal static class AddressTargets
{
    private static readonly AddressDefaults Defaults =
        new("host.example"u8.ToArray(), "dom.example"u8.ToArray(), "plus.example"u8.ToArray());

    private static readonly InjectIdentity Identity = new(new ProgramContext(
        "qmail-inject", [], new ByteEnvironment { ["QMAILUSER"] = "joe"u8.ToArray() },
        Scratch.Home(("me", "host.example"))));

    /// <summary>The body of a To or From field.</summary>
    internal static void List(byte[] input)
    {
        AddressList list = AddressList.Read(OneBody(input), Defaults);
        if (!list.IsWhole)
        {
            return; // It stays as it is.
        }

        ArrayBufferWriter<byte> field = new();
        list.WriteField(field, "To"u8);
        BeOneField(field.WrittenSpan);
        foreach (byte[] address in list.Addresses)
        {
            Must.Hold(address.Length == 0 || address.Contains((byte)'@'), "no host");
        }
    }

    /// <summary>An address of the command line, which is quoted first.</summary>
    internal static void Quote(byte[] input)
    {
        byte[] quoted = AddressQuote.Quote(input);
        if (input.AsSpan().IndexOfAny("\0\r\n"u8) >= 0
            || input.AsSpan(input.AsSpan().LastIndexOf((byte)'@') + 1)
                .IndexOfAnyExcept(SearchValues.Create("abcdefghijklmnopqrstuvwxyz.-"u8)) >= 0)
        {
            return; // Nothing is promised of such a host.
        }

        AddressList list = AddressList.Read(quoted, Defaults);
        Must.Hold(
            input.Length == 0 || list is { IsUnclear: false, Addresses.Count: 1 },
            "not the one address it is");
    }

    /// <summary>A message's header, field by field, as qmail-inject rewrites it.</summary>
    internal static void Header(byte[] input)
    {
        InjectHeader header = new(Identity, DateTimeOffset.UnixEpoch);
        ArrayBufferWriter<byte> field = new();
        foreach (byte[] line in Lines(input))
        {
            bool continues = field.WrittenCount > 0 && line[0] is (byte)' ' or (byte)'\t';
            if (!continues && field.WrittenCount > 0)
            {
                header.Add(field.WrittenSpan);
                field.ResetWrittenCount();
            }

            if (continues || line.AsSpan().StartsWith("From "u8) || InjectHeader.IsField(line))
            {
                field.Write(line);
            }
        }

        if (field.WrittenCount > 0)
        {
            header.Add(field.WrittenSpan);
        }

        BeFields(header.Build([]));
    }

    /// <summary>Received, Return-Path, Delivered-To, bounces, log lines: one line stays one.
    /// </summary>
    internal static void Text(byte[] input)
    {
        ArrayBufferWriter<byte> to = new();
        ConnectionEnds peer = new(input, input, input, input);
        ReceivedLine.Write(to, peer, [.. input, 1], "SMTP"u8, DateTimeOffset.UnixEpoch);
        BeFields(to.WrittenSpan);
        Kopis.Local.Delivery.TraceLines trace = new(input, input, DateTimeOffset.UnixEpoch);
        Must.Hold(OneLine(trace.ReturnPath) && OneLine(trace.DeliveredTo)
            && OneLine(trace.MboxFrom), "a trace line of two lines");
        to.ResetWrittenCount();
        LogText.AppendSafe(to, input);
        Must.Hold(
            !to.WrittenSpan.ContainsAnyExceptInRange((byte)33, (byte)126), "an unsafe log line");
        to.ResetWrittenCount();
        BounceText.WriteHead(
            to, DateTimeOffset.UnixEpoch, "MAILER-DAEMON"u8, "h.example"u8, input,
            "<1@h.example>"u8, false);
        int body = to.WrittenSpan.IndexOf("\n\n"u8);
        BeFields(to.WrittenSpan[..(body + 1)]);
        to.ResetWrittenCount();
        BounceText.WriteParagraph(to, input, input);
        ReadOnlySpan<byte> paragraph = to.WrittenSpan.TrimEnd((byte)'\n');
        Must.Hold(paragraph.IndexOf("\n\n"u8) < 0, "a paragraph of two");
        to.ResetWrittenCount();
        SmtpReply.Refused(to, enhanced: true, input);
        Must.BeLines(to.WrittenSpan, "refusal");
        Must.Hold(to.WrittenSpan.Count((byte)'\n') == 1, "a refusal of two lines");
    }

    /// <summary>A line of .forward, of /etc/aliases or of an :include: file.</summary>
    internal static void Forward(byte[] input)
    {
        foreach (ForwardTarget target in ForwardLine.Parse(input) ?? [])
        {
            byte[] text = target.Text;
            Must.Hold(
                text.Length <= input.Length && (target.Host?.Length ?? 0) <= input.Length,
                "more than was there");
            bool isPath = text is [(byte)'/' or (byte)'.', ..];
            Must.Hold(target.Kind != ForwardTargetKind.File || isPath, "a file without path");
            Must.Hold(
                target.Kind != ForwardTargetKind.Program || input.AsSpan().Contains((byte)'|'),
                "a program nobody named");
            if (target.Kind == ForwardTargetKind.Address && text.Length > 0)
            {
                byte[] address = target.Complete(Defaults);
                Must.Equal(text, address.AsSpan(0, text.Length), "another box");
                Must.Hold(address[text.Length] == (byte)'@', "no host");
            }
        }
    }

    /// <summary>Counts of trace fields, and the loop that they show.</summary>
    internal static void Hops(byte[] input)
    {
        HopCounter whole = new();
        whole.Append(input);
        HopCounter pieces = new();
        Kopis.Local.Delivery.LoopScan scan = new("Delivered-To: a@b\n"u8.ToArray());
        bool more = true;
        foreach (byte[] piece in Must.Pieces(input))
        {
            pieces.Append(piece);
            more = more && scan.Scan(piece);
        }

        Must.Hold(whole.Count == pieces.Count, "pieces count differently");
        string text = "\n" + Encoding.Latin1.GetString(input);
        int end = text.IndexOf("\n\n", StringComparison.Ordinal);
        string header = end < 0 ? text : text[..(end + 1)];
        Must.Hold(
            scan.Found == header.Contains("\nDelivered-To: a@b\n", StringComparison.Ordinal),
            "a loop missed or dreamt");
    }

    // As fields are read: a line that does not begin with a blank is the next field.
    private static ReadOnlySpan<byte> OneBody(ReadOnlySpan<byte> input)
    {
        for (int i = 0; i < input.Length; i++)
        {
            if (input[i] == '\n' && (i + 1 == input.Length || input[i + 1] is not (32 or 9)))
            {
                return input[..(i + 1)];
            }
        }

        return input;
    }

    private static IEnumerable<byte[]> Lines(byte[] input)
    {
        for (int at = 0; at < input.Length;)
        {
            int end = Array.IndexOf(input, (byte)'\n', at);
            byte[] line = end < 0 ? [.. input[at..], (byte)'\n'] : input[at..(end + 1)];
            at += line.Length;
            yield return line;
        }
    }

    private static bool OneLine(byte[] line) =>
        line.Length > 0 && Array.IndexOf(line, (byte)'\n') == line.Length - 1;

    private static void BeOneField(ReadOnlySpan<byte> field)
    {
        Must.Hold(field[^1] == (byte)'\n', "a field without end");
        for (int i = 0; i < field.Length - 1; i++)
        {
            Must.Hold(
                field[i] != (byte)'\n' || field[i + 1] is (byte)' ' or (byte)'\t',
                "a field of two fields");
        }
    }

    private static void BeFields(ReadOnlySpan<byte> header)
    {
        bool first = true;
        foreach (byte[] line in Lines(header.ToArray()))
        {
            bool continues = line[0] is (byte)' ' or (byte)'\t';
            Must.Hold(
                InjectHeader.IsField(line) || (continues && !first), "a line that is no field");
            first = false;
        }
    }
}
