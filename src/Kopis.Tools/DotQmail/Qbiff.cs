using System.Buffers;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Header;
using Kopis.Posix;

namespace Kopis.Tools.DotQmail;

/// <summary><c>qbiff</c>: announces a message on those terminals of its user for which <c>biff
/// y</c> was given (contract §11). Its failures never stop the delivery.</summary>
public static class Qbiff
{
    private const int FieldBytesMax = 4096;
    private const int LineBytesMax = 78; // One line of a terminal, indented by two.
    private const int OwnerMayExecute = 0x40; // What biff y sets.

    /// <summary>Runs the program; the result is always 0.</summary>
    public static int Run(ProgramContext context)
    {
        try
        {
            if (context.Environment["USER"] is { Length: > 0 } user)
            {
                Announce(context.Environment, user);
            }
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            // The message or the list of logins could not be read, so there is nothing to announce.
        }

        return ExitCode.Success;
    }

    /// <summary>The two lines, without characters that could control a terminal.</summary>
    internal static byte[] Format(
        ReadOnlySpan<byte> local, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> start)
    {
        ArrayBufferWriter<byte> to = new();
        to.Write("\r\n*** TO <"u8);
        WriteVisible(to, local, FieldBytesMax);
        to.Write("> FROM <"u8);
        WriteVisible(to, sender, FieldBytesMax);
        to.Write(">\r\n  "u8);
        WriteVisible(to, start, LineBytesMax);
        to.Write("\r\n"u8);
        return to.WrittenSpan.ToArray();
    }

    private static void Announce(ByteEnvironment environment, byte[] user)
    {
        IReadOnlyList<string> terminals = Logins.TerminalsOf(user);
        if (terminals.Count == 0)
        {
            return;
        }

        byte[] text = Format(environment["LOCAL"], environment["SENDER"], ReadStart());
        foreach (string terminal in terminals)
        {
            TryWrite(terminal, text);
        }
    }

    // The subject and the start of the body, as far as they fit on one line.
    private static byte[] ReadStart()
    {
        ArrayBufferWriter<byte> start = new();
        HeaderReader header = new(
            (name, value) => start.Write(
                Ascii8.EqualsIgnoreCase(name, "Subject"u8) ? [.. value, (byte)' '] : []),
            FieldBytesMax);
        byte[] block = new byte[MessageBody.BlockBytes];
        int got;
        while (start.WrittenCount < LineBytesMax && (got = ToolQueue.Read(block)) > 0)
        {
            int used = header.IsOver ? 0 : header.Read(block.AsSpan(0, got));
            ReadOnlySpan<byte> body = block.AsSpan(used, got - used);
            start.Write(body[..Math.Min(body.Length, LineBytesMax)]);
        }

        header.End();
        return start.WrittenSpan.ToArray();
    }

    private static void TryWrite(string terminal, byte[] text)
    {
        // On some hosts other users than root can write utmp.
        byte[] path = Fd.PathBytes($"/dev/{terminal}");
        if (terminal.Split('/').Any(part => part is "" or "." or "..")
            || path.AsSpan(0, path.Length - 1).Contains((byte)0)
            || Fd.TryStatus(path, out _) is not { IsCharacterDevice: true } status
            || status.Uid != Processes.Uid
            || (status.Permissions & OwnerMayExecute) == 0)
        {
            return;
        }

        // A stopped terminal must not delay the delivery.
        int fd = Fd.TryOpen(
            path, OpenFlags.WriteOnly | OpenFlags.NonBlocking | OpenFlags.NoTerminal, out _);
        if (fd < 0)
        {
            return;
        }

        try
        {
            Fd.Write(fd, text);
        }
        catch (PosixException)
        {
            // The terminal has just been closed.
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static void WriteVisible(
        IBufferWriter<byte> to, ReadOnlySpan<byte> text, int bytesMax)
    {
        foreach (byte b in text[..Math.Min(text.Length, bytesMax)])
        {
            to.Write([b == (byte)'\n' ? (byte)' ' : b is < 32 or > 126 ? (byte)'_' : b]);
        }
    }
}
