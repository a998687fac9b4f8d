using System.Buffers;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Header;
using Kopis.Posix;

namespace Kopis.Tools.DotQmail;

/// <summary><c>qbiff</c>: announces a message on the terminals of its user that have asked for it
/// with <c>biff y</c> (contract §11). Whatever happens, the delivery goes on.</summary>
public static class Qbiff
{
    private const int FieldBytesMax = 4096;
    private const int LineBytesMax = 78; // One line of a terminal, indented by two.
    private const int OwnerMayExecute = 0x40; // What biff y sets.

    /// <summary>Runs it; the result is always 0.</summary>
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
            // Neither the message nor the list of logins could be read; there is no more to say.
        }

        return ExitCode.Success;
    }

    /// <summary>The two lines, without what could move a terminal.</summary>
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

    // Subject and body, as far as one line has room.
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
        // utmp is not root's alone to write on every host.
        byte[] path = Fd.PathBytes($"/dev/{terminal}");
        if (terminal.Split('/').Any(part => part is "" or "." or "..")
            || path.AsSpan(0, path.Length - 1).Contains((byte)0)
            || Fd.TryStatus(path, out _) is not { IsCharacterDevice: true } status
            || status.Uid != Processes.Uid
            || (status.Permissions & OwnerMayExecute) == 0)
        {
            return;
        }

        // A terminal that is stopped must not hold the delivery up.
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
            // It was just closed.
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
