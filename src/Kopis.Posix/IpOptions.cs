namespace Kopis.Posix;

/// <summary>IP options of a connection, which .NET cannot change.</summary>
public static unsafe class IpOptions
{
    /// <summary>Clears the options that the peer's packets set, above all a source route, which
    /// replies would follow. For IPv4 sockets.</summary>
    public static void Forget(int socket)
    {
        const int levelIp = 0;
        const int ipOptions = 4;
        Fd.Check(Native.setsockopt(socket, levelIp, ipOptions, null, 0), "setsockopt IP_OPTIONS");
    }

    /// <summary>Lets a socket that is bound to an address get its port only when it connects, so
    /// that connections to different servers can share ports (ip(7), IP_BIND_ADDRESS_NO_PORT). If
    /// the kernel cannot do this, the socket gets a port at once.</summary>
    public static void TakePortLate(int socket)
    {
        const int levelIp = 0;
        const int bindAddressNoPort = 24;
        int on = 1;
        _ = Native.setsockopt(socket, levelIp, bindAddressNoPort, &on, sizeof(int));
    }
}
