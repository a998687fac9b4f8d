using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Bytes with at most one descriptor over a Unix socket (SCM_RIGHTS).</summary>
public static unsafe class FdPassing
{
    private const int LevelSocket = 1;
    private const int Rights = 1;
    private const int ControlBytes = 24; // CMSG_SPACE(sizeof(int)) on 64 bits.
    private const int ControlLength = 20; // CMSG_LEN(sizeof(int)).
    private const int NoSignal = 0x4000;
    private const int CloseOnExec = 0x40000000;

    /// <summary>
    /// Sends all bytes, the descriptor with the first of them; minus one sends none.
    /// </summary>
    public static void Send(int socket, ReadOnlySpan<byte> bytes, int fd)
    {
        int sent;
        while ((sent = TrySend(socket, bytes, fd)) < 0)
        {
            Poller.WaitWritable(socket);
        }

        Fd.WriteAll(socket, bytes[sent..]);
    }

    /// <summary>
    /// Sends what the socket takes, the descriptor with the first byte. Minus one: nothing was
    /// sent, neither bytes nor descriptor, since a non-blocking socket is full.
    /// </summary>
    public static int TrySend(int socket, ReadOnlySpan<byte> bytes, int fd)
    {
        byte* control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        *(nuint*)control = ControlLength;
        *(int*)(control + 8) = LevelSocket;
        *(int*)(control + 12) = Rights;
        *(int*)(control + 16) = fd;
        fixed (byte* p = bytes)
        {
            Native.Vector vector = new() { Base = p, Length = (nuint)bytes.Length };
            Native.MessageHeader header = new() { Vectors = &vector, VectorCount = 1 };
            if (fd >= 0)
            {
                header.Control = control;
                header.ControlLength = ControlBytes;
            }

            nint sent;
            while ((sent = Native.sendmsg(socket, &header, NoSignal)) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.Again)
                {
                    return -1;
                }

                if (errno != Errno.Interrupted)
                {
                    throw new PosixException("sendmsg", errno);
                }
            }

            return (int)sent;
        }
    }

    /// <summary>Receives once. Zero bytes is the end; fd is minus one where none came.</summary>
    public static int Receive(int socket, Span<byte> to, out int fd)
    {
        byte* control = stackalloc byte[ControlBytes];
        fixed (byte* p = to)
        {
            Native.Vector vector = new() { Base = p, Length = (nuint)to.Length };
            Native.MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlBytes,
            };
            nint got;
            while ((got = Native.recvmsg(socket, &header, CloseOnExec)) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.Interrupted)
                {
                    throw new PosixException("recvmsg", errno);
                }
            }

            bool passed = header.ControlLength >= ControlLength
                && *(int*)(control + 8) == LevelSocket && *(int*)(control + 12) == Rights;
            fd = passed ? *(int*)(control + 16) : -1;
            return (int)got;
        }
    }
}
