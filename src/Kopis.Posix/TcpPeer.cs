using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Finds the user at the other end of a TCP connection within this host. The kernel is
/// asked for one socket, at a cost that does not grow with their number (sock_diag(7)).</summary>
public static unsafe class TcpPeer
{
    private const int Netlink = 16; // AF_NETLINK
    private const int Raw = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    private const int Diagnostics = 4; // NETLINK_SOCK_DIAG
    private const int ByFamily = 20; // SOCK_DIAG_BY_FAMILY
    private const int RequestFlag = 1; // NLM_F_REQUEST
    private const byte V4 = 2, V6 = 10, Tcp = 6, Established = 1;
    private const int AnswerBytesMax = 4096;

    // struct nlmsghdr, then struct inet_diag_req_v2 or inet_diag_msg (linux/inet_diag.h).
    private const int HeaderBytes = 16, RequestBytes = HeaderBytes + 56;
    private const int PortsAt = HeaderBytes + 8, CookieBytes = 8;
    private const int StateAt = HeaderBytes + 1, UidAt = HeaderBytes + 4 + 48 + 12;

    /// <summary>The user at the other end.</summary>
    /// <param name="socket">The other end's address, on this host.</param>
    /// <param name="other">Our address.</param>
    /// <returns>Null if the other end has been closed, or is not on this host.</returns>
    /// <exception cref="PosixException">The kernel cannot be asked.</exception>
    public static uint? UidOf(IPEndPoint socket, IPEndPoint other)
    {
        Span<byte> request = stackalloc byte[RequestBytes];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, RequestBytes);
        BinaryPrimitives.WriteInt16LittleEndian(request[4..], ByFamily);
        BinaryPrimitives.WriteInt16LittleEndian(request[6..], RequestFlag);
        request[HeaderBytes] = socket.AddressFamily == AddressFamily.InterNetworkV6 ? V6 : V4;
        request[HeaderBytes + 1] = Tcp;
        request.Slice(HeaderBytes + 4, sizeof(uint)).Fill(0xFF); // Any state.
        BinaryPrimitives.WriteUInt16BigEndian(request[PortsAt..], (ushort)socket.Port);
        BinaryPrimitives.WriteUInt16BigEndian(request[(PortsAt + 2)..], (ushort)other.Port);
        socket.Address.TryWriteBytes(request[(PortsAt + 4)..], out _);
        other.Address.TryWriteBytes(request[(PortsAt + 20)..], out _);
        request[^CookieBytes..].Fill(0xFF); // INET_DIAG_NOCOOKIE

        Span<byte> answer = stackalloc byte[AnswerBytesMax];
        int got = Ask(request, answer);
        return got >= UidAt + sizeof(uint)
            && BinaryPrimitives.ReadInt16LittleEndian(answer[4..]) == ByFamily
            && answer[StateAt] == Established // A closed socket has no owner: uid 0.
                ? BinaryPrimitives.ReadUInt32LittleEndian(answer[UidAt..]) : null;
    }

    private static int Ask(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        int fd = Native.socket(Netlink, Raw, Diagnostics);
        if (fd < 0)
        {
            throw new PosixException(
                "open a socket of netlink", Marshal.GetLastPInvokeError());
        }

        try
        {
            Fd.WriteAll(fd, request); // The kernel is its only reader.
            return Fd.Read(fd, answer);
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
