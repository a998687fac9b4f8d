using System.Buffers;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Addresses;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Inject;

/// <summary><c>qmail-inject</c>: makes a local user's message fit to send, and queues it
/// (contract §5.2).</summary>
public static class QmailInject
{
    /// <summary>Runs the program, which prints nothing if all is well.</summary>
    public static int Run(ProgramContext context)
    {
        try
        {
            return Inject(context, InjectOptions.Parse(context.Arguments));
        }
        catch (PosixException)
        {
            throw new ConfigurationException("read error");
        }
    }

    private static int Inject(ProgramContext context, InjectOptions options)
    {
        InjectIdentity identity = new(context);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        InjectInput input = new();
        InjectHeader header = new(identity, now);
        foreach (byte[] field in input.ReadHeader())
        {
            header.Add(field);
        }

        byte[]? unclear = options.TakesHeader ? header.UnclearRecipients : null;
        if ((header.Unparsable ?? unclear) is { } bad)
        {
            throw new ConfigurationException(
                $"unable to parse this line:\n{RawText.Of(bad).TrimEnd('\n')}",
                ExitCode.Permanent);
        }

        byte[] sender = Sender(options, identity, header, now);
        List<byte[]> recipients = Recipients(options, identity, header);
        if (recipients.Count == 0 && !options.PrintOnly)
        {
            throw new ConfigurationException("no recipients are named", ExitCode.Permanent);
        }

        byte[] head = header.Build(FollowUpList(context, identity));
        return options.PrintOnly
            ? Print(sender, head, input)
            : QueueAsync(context, sender, recipients, head, input).GetAwaiter().GetResult();
    }

    private static byte[] Sender(
        InjectOptions options, InjectIdentity identity, InjectHeader header, DateTimeOffset now)
    {
        if (options.Sender is { } given)
        {
            return given.Length == 0 ? []
                : AddressArgument.Read(given, identity.Defaults) is [byte[] only] ? only
                : throw CannotParse(given);
        }

        return header.ReturnPath is { } path
            ? path.Length == 0 ? path : [.. path, .. identity.VerpSuffix]
            : identity.DefaultSender(now);
    }

    private static List<byte[]> Recipients(
        InjectOptions options, InjectIdentity identity, InjectHeader header)
    {
        bool arguments = options.Source is not RecipientSource.Header;
        List<byte[]> recipients = [];
        if (arguments)
        {
            recipients.AddRange(options.Recipients.SelectMany(word => Named(word, identity)));
        }

        if (options.TakesHeader)
        {
            recipients.AddRange(header.Recipients);
        }

        return recipients;
    }

    private static IReadOnlyList<byte[]> Named(byte[] word, InjectIdentity identity) =>
        AddressArgument.Read(word, identity.Defaults) is { } named
            && named.All(address => address.Length > 0)
            ? named
            : throw CannotParse(word);

    private static ConfigurationException CannotParse(byte[] word) =>
        new($"unable to parse address: {RawText.Of(word)}", ExitCode.Permanent);

    /// <summary>The mailing lists that the user is on, from QMAILMFTFILE.</summary>
    private static List<byte[]> FollowUpList(ProgramContext context, InjectIdentity identity)
    {
        if (context.Environment.Text("QMAILMFTFILE") is not { Length: > 0 } file)
        {
            return [];
        }

        // An absolute path stays unchanged. "/" is not a file; read(2) reports that.
        IReadOnlyList<byte[]> lines =
            ControlDirectory.ReadListAt(Path.GetFullPath(file)) ?? [];
        return [.. lines.Select(line => AddressList.Complete(line, identity.Defaults) ?? line)];
    }

    private static int Print(byte[] sender, byte[] head, InjectInput input)
    {
        ArrayBufferWriter<byte> to = new();
        to.Write("Return-Path: <"u8);
        to.Write(AddressQuote.Quote(sender));
        to.Write(">\n"u8);
        to.Write(head);
        foreach (ReadOnlyMemory<byte> piece in Body(input))
        {
            to.Write(piece.Span);
            Fd.WriteAll(1, to.WrittenSpan);
            to.ResetWrittenCount();
        }

        Fd.WriteAll(1, to.WrittenSpan);
        return ExitCode.Success;
    }

    private static async Task<int> QueueAsync(
        ProgramContext context, byte[] sender, List<byte[]> recipients, byte[] head,
        InjectInput input)
    {
        await using IIntakeMessage intake = await IntakeClients.For(context).BeginAsync(
            MessageOrigin.Local, (uint)Processes.Id, CancellationToken.None);
        await intake.WriteAsync(head, CancellationToken.None);
        foreach (ReadOnlyMemory<byte> piece in Body(input))
        {
            await intake.WriteAsync(piece, CancellationToken.None);
        }

        byte[] envelope = Envelope.Format(
            sender, recipients.Select(recipient => new ReadOnlyMemory<byte>(recipient)));
        QueueReply reply = await intake.FinishAsync(envelope, CancellationToken.None);
        if (reply.Code == 0)
        {
            return ExitCode.Success;
        }

        string text = intake.CustomText ?? QueueResult.Describe(reply.Code);
        throw new ConfigurationException(
            text[1..], text[0] == 'D' ? ExitCode.Permanent : ExitCode.Temporary);
    }

    /// <summary>The empty line and the body, if there is a body; a missing last LF is added.
    /// </summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Body(InjectInput input)
    {
        if (!input.HasBody)
        {
            yield break;
        }

        yield return (byte[])[(byte)'\n', .. input.BodyStart];
        bool lineEnded = true;
        ReadOnlyMemory<byte> piece;
        while (!(piece = input.ReadBody()).IsEmpty)
        {
            lineEnded = piece.Span[^1] == (byte)'\n';
            yield return piece;
        }

        if (!lineEnded)
        {
            yield return "\n"u8.ToArray();
        }
    }
}
