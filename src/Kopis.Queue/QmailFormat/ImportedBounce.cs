using System.Buffers.Binary;
using Kopis.Posix;

namespace Kopis.Queue.QmailFormat;

/// <summary>Writes the failures of an imported message to queue/bounce. That directory does not
/// belong to the queue writer, as queue/mess does.</summary>
public static class ImportedBounce
{
    private const int OwnerOnly = 0x180; // 0600
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Writes the file, durably.</summary>
    public static void Write(string path, ReadOnlySpan<byte> failures)
    {
        int fd = Fd.Open(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);
        try
        {
            Fd.WriteAll(fd, failures);
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        Fd.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Has the process at the other end of a socket write the file, and waits for that.
    /// </summary>
    /// <exception cref="IOException">The file was not written.</exception>
    public static void Send(int socket, ulong number, ReadOnlySpan<byte> failures)
    {
        byte[] frame = new byte[sizeof(ulong) + sizeof(int) + failures.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, number);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(sizeof(ulong)), failures.Length);
        failures.CopyTo(frame.AsSpan(sizeof(ulong) + sizeof(int)));
        Fd.WriteAll(socket, frame);
        byte[] answer = new byte[1];
        if (!Poller.WaitReadable(socket, Patience) // Its user may have stopped the writing process.
            || Fd.Read(socket, answer) != 1 || answer[0] != 0)
        {
            throw new IOException($"queue/bounce/{number} was not written");
        }
    }
}
