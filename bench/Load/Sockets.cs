using System.Net;
using System.Runtime.InteropServices;

namespace Load;

/// <summary>Sockets that do not block.</summary>
internal static unsafe class Sockets
{
    private const int AddressBytes = 16;
    private const int Tcp = 6; // IPPROTO_TCP
    private const int NoDelay = 1; // TCP_NODELAY

    /// <summary>Begins a connection.</summary>
    internal static int Connect(IPEndPoint to)
    {
        int fd = Poll.Checked(
            SystemCalls.socket(SystemCalls.Internet, SystemCalls.StreamNonBlocking, 0), "socket");
        int yes = 1;
        SystemCalls.setsockopt(fd, Tcp, NoDelay, &yes, sizeof(int));
        byte* address = stackalloc byte[AddressBytes];
        new Span<byte>(address, AddressBytes).Clear();
        to.Serialize().Buffer.Span[..AddressBytes].CopyTo(new Span<byte>(address, AddressBytes));
        if (SystemCalls.connect(fd, address, AddressBytes) < 0
            && Marshal.GetLastPInvokeError() != SystemCalls.InProgress)
        {
            Poll.Checked(-1, "connect");
        }

        return fd;
    }

    /// <summary>The next connection; minus one: none.</summary>
    internal static int Accept(int listener)
    {
        int fd = SystemCalls.accept4(listener, null, null, SystemCalls.AcceptNonBlocking);
        return fd >= 0 || IsAgain() ? fd : Poll.Checked(fd, "accept");
    }

    /// <returns>How many bytes came: zero at the end, minus one where nothing is there.</returns>
    internal static int Receive(int fd, Span<byte> to)
    {
        fixed (byte* p = to)
        {
            int got = (int)SystemCalls.recv(fd, p, (nuint)to.Length, 0);
            return got >= 0 || IsAgain() ? got : Poll.Checked(got, "recv");
        }
    }

    /// <returns>How many bytes were taken.</returns>
    internal static int Send(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            int put = (int)SystemCalls.send(
                fd, p, (nuint)bytes.Length, SystemCalls.NoSignal);
            return put >= 0 ? put : IsAgain() ? 0 : Poll.Checked(put, "send");
        }
    }

    private static bool IsAgain() =>
        Marshal.GetLastPInvokeError() is SystemCalls.Again or SystemCalls.Interrupted;
}
