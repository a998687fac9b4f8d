using System.Buffers;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;

namespace Kopis.Tools.Mailboxes;

/// <summary><c>maildir2mbox</c>: moves the mail of the Maildir MAILDIR to the end of the mbox MAIL.
/// It writes the file MAILTMP, which replaces MAIL once everything is durable (contract §11).
/// </summary>
public static class Maildir2mbox
{
    private const int OwnerOnly = 0x3F; // 077
    private static readonly string[] Parts = ["new", "cur"];

    private static ReadOnlySpan<byte> ReturnPath => "Return-Path: <"u8;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        string maildir = Required(context, "MAILDIR");
        string mbox = Required(context, "MAIL");
        string temporary = Required(context, "MAILTMP");
        Processes.SetFileModeMask(OwnerOnly);
        try
        {
            List<FileInfo> messages = Messages(maildir);
            if (messages.Count > 0)
            {
                Write(mbox, temporary, messages);
                File.Move(temporary, mbox, overwrite: true);
                Fd.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(mbox))!);
                messages.ForEach(message => message.Delete());
            }

            return ExitCode.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    /// <summary><c>elq</c>, <c>pinq</c>, <c>qail</c>: the same, and then becomes a mail reader.
    /// </summary>
    public static int ThenRead(ProgramContext context, string reader)
    {
        int code = Run(context);
        if (code != ExitCode.Success)
        {
            return code;
        }

        byte[] word = ByteText.ToBytes(reader);
        Successor.Run(context.Environment, [word, .. context.Arguments]);
        return ExitCode.Temporary;
    }

    private static string Required(ProgramContext context, string name) =>
        context.Environment[name] is { Length: > 0 } value
            ? RawText.Of(value)
            : throw new ConfigurationException($"{name} not set");

    /// <summary>Sorts the oldest first.</summary>
    private static List<FileInfo> Messages(string maildir) =>
    [
        .. Parts
            .SelectMany(part => new DirectoryInfo(Path.Combine(maildir, part)).EnumerateFiles())
            .Where(file => file.Name[0] != '.')
            .OrderBy(file => file.LastWriteTimeUtc)
            .ThenBy(file => file.Name, StringComparer.Ordinal),
    ];

    private static void Write(string mbox, string temporary, List<FileInfo> messages)
    {
        int fd = Fd.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate);
        try
        {
            if (File.Exists(mbox))
            {
                Copy(mbox, piece => Fd.WriteAll(fd, piece));
            }

            foreach (FileInfo message in messages)
            {
                Append(fd, message);
            }

            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static void Append(int fd, FileInfo message)
    {
        ArrayBufferWriter<byte> output = new(MessageBody.BlockBytes);
        MboxQuoter quoter = new(output);
        bool isFirst = true;
        Copy(message.FullName, piece =>
        {
            if (isFirst)
            {
                isFirst = false;
                output.Write("From "u8);
                output.Write(SenderOf(piece));
                output.Write(ByteText.ToBytes(
                    $" {QmailDate.MboxFrom(message.LastWriteTimeUtc)}\n"));
            }

            quoter.Write(piece);
            Fd.WriteAll(fd, output.WrittenSpan);
            output.ResetWrittenCount();
        });
        if (!isFirst)
        {
            quoter.End();
            Fd.WriteAll(fd, output.WrittenSpan);
        }
    }

    /// <summary>The address of a Return-Path field on the first line, without characters that would
    /// end it early in a From_ line.</summary>
    private static byte[] SenderOf(ReadOnlySpan<byte> message)
    {
        int end = message.IndexOf(">\n"u8);
        if (!message.StartsWith(ReturnPath) || end <= ReturnPath.Length
            || message[..end].Contains((byte)'\n'))
        {
            return "MAILER-DAEMON"u8.ToArray();
        }

        byte[] sender = message[ReturnPath.Length..end].ToArray();
        sender.AsSpan().ReplaceAny(SearchValues.Create(" \t"u8), (byte)'-');
        return sender;
    }

    private delegate void HandlePiece(ReadOnlySpan<byte> piece);

    private static void Copy(string file, HandlePiece take)
    {
        byte[] block = new byte[MessageBody.BlockBytes];
        int fd = Fd.Open(file, OpenFlags.ReadOnly);
        try
        {
            int got;
            while ((got = Fd.Read(fd, block)) > 0)
            {
                take(block.AsSpan(0, got));
            }
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
