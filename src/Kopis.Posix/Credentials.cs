namespace Kopis.Posix;

/// <summary>The process at the other end of a Unix socket, as the kernel reports it (SO_PEERCRED).
/// </summary>
public readonly record struct Credentials(int Pid, uint Uid, uint Gid)
{
    /// <summary>The peer's credentials when it connected.</summary>
    public static unsafe Credentials OfPeer(int socket)
    {
        const int levelSocket = 1;
        const int peerCredentials = 17;
        uint* value = stackalloc uint[3];
        uint length = 12;
        Fd.Check(
            Native.getsockopt(socket, levelSocket, peerCredentials, value, &length),
            "getsockopt SO_PEERCRED");
        return new Credentials((int)value[0], value[1], value[2]);
    }
}
