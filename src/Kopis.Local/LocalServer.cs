using System.Buffers.Binary;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// <c>qmail-local --serve</c>: one user's deliveries, one after another or several at once, for
/// as long as qmail-lspawn keeps the socket on fd 0 open.
/// </summary>
internal sealed class LocalServer(LocalHost host) : IDisposable
{
    private const int Socket = 0;
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    private readonly Lock _writing = new();
    private readonly CountdownEvent _running = new(1);

    /// <summary>Serves until qmail-lspawn is gone, then finishes what runs.</summary>
    /// <returns>False where the peer broke the protocol.</returns>
    internal bool Run()
    {
        bool whole;
        while ((whole = TryReceive(out uint id, out LocalArguments? arguments,
            out LocalMessage? message)) && arguments is not null)
        {
            Start(id, arguments, message!);
        }

        _running.Signal();
        _running.Wait(Forever);
        return whole;
    }

    public void Dispose() => _running.Dispose();

    private void Start(uint id, LocalArguments arguments, LocalMessage message)
    {
        _running.AddCount();

        // A delivery may wait long for a program or a lock, so each has a thread of its own; their
        // number is bounded by qmail-lspawn's concurrency.
        Thread thread = new(() => Deliver(id, arguments, message));
        thread.Start();
    }

    private void Deliver(uint id, LocalArguments arguments, LocalMessage message)
    {
        try
        {
            using (message)
            {
                LocalResult result =
                    new LocalDelivery(host, arguments, message, describeOnly: false).Run();
                lock (_writing)
                {
                    Fd.WriteAll(Socket, LocalChannel.Reply(id, result));
                }
            }
        }
        catch (PosixException)
        {
            // qmail-lspawn is gone; qmail-send will order the delivery again.
        }
        finally
        {
            _running.Signal();
        }
    }

    /// <summary>One request. False on a broken frame; no arguments at a clean end.</summary>
    private static bool TryReceive(
        out uint id, out LocalArguments? arguments, out LocalMessage? message)
    {
        id = 0;
        arguments = null;
        message = null;
        Span<byte> head = stackalloc byte[LocalChannel.HeadBytes];
        int got = FdPassing.Receive(Socket, head, out int file);
        if (got == 0)
        {
            return true;
        }

        if (!TryFill(head, got))
        {
            return false;
        }

        id = BinaryPrimitives.ReadUInt32LittleEndian(head);
        uint fieldBytes = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        uint messageBytes = BinaryPrimitives.ReadUInt32LittleEndian(head[8..]);
        bool inFile = messageBytes == LocalChannel.InFile;
        if (fieldBytes > LocalChannel.FieldBytesMax || inFile != file >= 0
            || (!inFile && messageBytes > LocalChannel.MessageBytesMax))
        {
            return false;
        }

        byte[] fields = new byte[fieldBytes];
        byte[] bytes = new byte[inFile ? 0 : messageBytes];
        if (!TryFill(fields, 0) || !TryFill(bytes, 0))
        {
            return false;
        }

        arguments = LocalChannel.ParseFields(fields);
        message = inFile ? LocalMessage.OfFile(file) : LocalMessage.InMemory(bytes);
        return arguments is not null;
    }

    private static bool TryFill(Span<byte> to, int filled)
    {
        while (filled < to.Length)
        {
            int got = Fd.Read(Socket, to[filled..]);
            if (got <= 0)
            {
                return false;
            }

            filled += got;
        }

        return true;
    }
}
