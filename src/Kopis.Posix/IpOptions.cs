namespace Kopis.Posix;

/// <summary>The IP options of a connection, which .NET cannot clear.</summary>
public static unsafe class IpOptions
{
    /// <summary>
    /// Forgets the options that the peer's packets brought, a source route above all: replies would
    /// take the way that it names. For IPv4 sockets.
    /// </summary>
    public static void Forget(int socket)
    {
        const int levelIp = 0;
        const int ipOptions = 4;
        Fd.Check(Native.setsockopt(socket, levelIp, ipOptions, null, 0), "setsockopt IP_OPTIONS");
    }

    /// <summary>A socket that is bound to an address gets its port when it connects, so that ports
    /// are shared by connections to several servers (ip(7), IP_BIND_ADDRESS_NO_PORT). Where the
    /// kernel cannot, it gets one at once.</summary>
    public static void TakePortLate(int socket)
    {
        const int levelIp = 0;
        const int bindAddressNoPort = 24;
        int on = 1;
        _ = Native.setsockopt(socket, levelIp, bindAddressNoPort, &on, sizeof(int));
    }
}
