using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Mail.Header;
using Kopis.Posix;
using Kopis.Tools.DotQmail;

namespace Kopis.Tools.Vacation;

/// <summary><c>vacation</c>: answers messages while their reader is away (vacation(1); RFC 3834).
/// </summary>
public static class VacationProgram
{
    private const string Usage = "usage: vacation [ -a address ] ... [ -t days ]";
    private const string Message = ".vacation.msg";
    private const string Senders = ".vacation.senders";
    private const string Lock = ".vacation.lock";
    private const int FieldBytesMax = 64 * 1024;
    private const int DaysUsual = 7;
    private const int DaysMax = 365;
    private const int OwnerFile = 0x180; // 0600

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        (List<byte[]> own, int days) = Options(context);
        byte[] sender = ToolQueue.Required(context, "SENDER");
        byte[] recipient = ToolQueue.Required(context, "RECIPIENT");
        string home = RawText.Of(ToolQueue.Required(context, "HOME"));
        own.Add(recipient);
        VacationRules rules = new(own);
        HeaderReader header = new(rules.Take, FieldBytesMax);
        byte[] block = new byte[MessageBody.BlockBytes];
        int got;
        while (!header.IsOver && (got = ToolQueue.Read(block)) > 0)
        {
            header.Read(block.AsSpan(0, got));
        }

        header.End();
        if (!rules.IsAnswered || !rules.IsPerson(sender))
        {
            return ExitCode.Success;
        }

        try
        {
            Answer(context, home, sender, recipient, rules, days);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }

        return ExitCode.Success;
    }

    private static (List<byte[]> Own, int Days) Options(ProgramContext context)
    {
        List<byte[]> own = [];
        int days = DaysUsual;
        for (int i = 0; i < context.Arguments.Count; i += 2)
        {
            byte[]? value = i + 1 < context.Arguments.Count ? context.Arguments[i + 1] : null;
            switch (context.ArgumentText(i))
            {
                case "-a" when value is not null:
                    own.Add(value);
                    break;
                case "-t" when value is not null && int.TryParse(
                    ByteText.ToText(value), NumberStyles.None, CultureInfo.InvariantCulture,
                    out days) && days is > 0 and <= DaysMax:
                    break;
                default:
                    throw new ConfigurationException(Usage, ExitCode.Permanent);
            }
        }

        return (own, days);
    }

    /// <summary>Lets one delivery at a time decide, so that two messages of one sender get one
    /// answer.</summary>
    private static void Answer(
        ProgramContext context, string home, byte[] sender, byte[] recipient,
        VacationRules rules, int days)
    {
        const OpenFlags flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking;
        int guard = Fd.Open(Path.Combine(home, Lock), flags | Fd.NoFollow, OwnerFile);
        try
        {
            Fd.LockExclusive(guard);
            string path = Path.Combine(home, Senders);
            byte[]? known = BoundedFile.TryRead(path, VacationMemory.BytesMax, out int errno);
            if (known is null && errno is not (Errno.NoEntry or Errno.FileTooLarge))
            {
                throw new PosixException($"read {path}", errno);
            }

            VacationMemory memory = new(known);
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            long seconds = days * 86_400L;
            if (!memory.Knows(sender, now, seconds))
            {
                VacationText text = new(
                    BoundedFile.Read(Path.Combine(home, Message), VacationText.BytesMax),
                    rules.Subject);
                ToolQueue.SendWhole(
                    context, [], [sender], Compose(text, sender, recipient, rules.MessageId));
                Paths.Replace(
                    path, path + ".new", memory.With(sender, now, seconds), OwnerFile);
            }
        }
        finally
        {
            Fd.Close(guard);
        }
    }

    private static byte[] Compose(
        VacationText text, byte[] sender, byte[] recipient, byte[] messageId)
    {
        ArrayBufferWriter<byte> message = new();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        DsnId id = new();
        id.Add(sender);
        id.Add(recipient);
        id.Add(messageId);
        byte[] ownId = id.Format(
            now.ToUnixTimeSeconds(), (ulong)Processes.Id,
            new Address(recipient).DomainOrAll);
        text.Write(message, AddressQuote.Quote(recipient), to =>
        {
            to.Write("To: <"u8);
            to.Write(AddressQuote.Quote(sender));
            to.Write(">\nDate: "u8);
            to.Write(ByteText.ToBytes(QmailDate.Rfc822(now)));
            to.Write("\nMessage-ID: "u8);
            to.Write(ownId);
            if (messageId.Length > 0)
            {
                to.Write("\nIn-Reply-To: "u8);
                to.Write(messageId);
                to.Write("\nReferences: "u8);
                to.Write(messageId);
            }

            to.Write("\nAuto-Submitted: auto-replied (vacation)\nPrecedence: bulk\n"u8);
        });
        return message.WrittenSpan.ToArray();
    }
}
