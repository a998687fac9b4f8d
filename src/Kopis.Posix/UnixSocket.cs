using System.Net.Sockets;

namespace Kopis.Posix;

/// <summary>Stream sockets of AF_UNIX, for clients.</summary>
public static class UnixSocket
{
    /// <summary>A new one.</summary>
    /// <exception cref="SocketException">There are no more descriptors.</exception>
    public static Socket New() =>
        new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Why a connection failed. .NET has no code of its own for a path that leads
    /// nowhere.</summary>
    public static string Reason(SocketException fault) =>
        fault.SocketErrorCode == SocketError.AddressNotAvailable
            ? ErrorText.Of(Errno.NoEntry)
            : ErrorText.Of(fault.NativeErrorCode);
}
