using System.Net.Sockets;

namespace Kopis.Posix;

/// <summary>Stream sockets of AF_UNIX, for clients.</summary>
public static class UnixSocket
{
    /// <summary>Makes a socket.</summary>
    /// <exception cref="SocketException">No descriptors are left.</exception>
    public static Socket New() =>
        new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Says why a connection failed. .NET has no code of its own for a path that does not
    /// exist.</summary>
    public static string Reason(SocketException fault) =>
        fault.SocketErrorCode == SocketError.AddressNotAvailable
            ? ErrorText.Of(Errno.NoEntry)
            : ErrorText.Of(fault.NativeErrorCode);
}
