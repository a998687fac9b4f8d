using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Sends and receives bytes, with at most one descriptor, over a Unix socket (SCM_RIGHTS).
/// </summary>
public static unsafe class FdPassing
{
    private const int LevelSocket = 1;
    private const int Rights = 1;
    private const int ControlBytes = 24; // CMSG_SPACE(sizeof(int)) on 64 bits.
    private const int ControlLength = 20; // CMSG_LEN(sizeof(int)).
    private const int HeadBytes = 16; // struct cmsghdr.
    private const int ReceivedBytes = 32; // Enough to notice that more than one came.
    private const int NoSignal = 0x4000;
    private const int CloseOnExec = 0x40000000;

    /// <summary>Sends all bytes, and the descriptor with the first of them; minus one sends no
    /// descriptor.</summary>
    public static void Send(int socket, ReadOnlySpan<byte> bytes, int fd)
    {
        int sent;
        while ((sent = TrySend(socket, bytes, fd)) < 0)
        {
            Poller.WaitWritable(socket);
        }

        Fd.WriteAll(socket, bytes[sent..]);
    }

    /// <summary>Sends as much as the socket takes, and the descriptor with the first byte. Minus
    /// one: a non-blocking socket is full, and nothing was sent, not even the descriptor.</summary>
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

    /// <summary>Receives once. Zero bytes mean the end; minus one means that a non-blocking socket
    /// has nothing. The descriptor is minus one if none came, or more than one, which are all
    /// closed.</summary>
    public static int Receive(int socket, Span<byte> to, out int fd)
    {
        byte* control = stackalloc byte[ReceivedBytes];
        fd = -1;
        fixed (byte* p = to)
        {
            Native.Vector vector = new() { Base = p, Length = (nuint)to.Length };
            Native.MessageHeader header = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ReceivedBytes,
            };
            nint got;
            while ((got = Native.recvmsg(socket, &header, CloseOnExec)) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Errno.Again)
                {
                    return -1;
                }

                if (errno != Errno.Interrupted)
                {
                    throw new PosixException("recvmsg", errno);
                }
            }

            ReadOnlySpan<int> passed = PassedBy(control, header.ControlLength);
            if (passed.Length == 1)
            {
                fd = passed[0];
            }
            else
            {
                foreach (int one in passed)
                {
                    Fd.Close(one);
                }
            }

            return (int)got;
        }
    }

    // All descriptors of one sendmsg come in one control message. The kernel itself drops those for
    // which there is no room.
    private static ReadOnlySpan<int> PassedBy(byte* control, nuint length) =>
        length >= ControlLength
        && *(int*)(control + 8) == LevelSocket && *(int*)(control + 12) == Rights
            ? new ReadOnlySpan<int>(control + HeadBytes, (int)(*(nuint*)control - HeadBytes) / 4)
            : [];
}
