namespace Kopis.Posix;

/// <summary>The host's groups, from its name service.</summary>
public static unsafe class UnixGroups
{
    private const int RangeError = 34;

    /// <summary>The number of a group; null if there is no group of that name.</summary>
    /// <exception cref="PosixException">The name service did not answer.</exception>
    public static uint? ByName(string name)
    {
        for (int size = 4096; ; size *= 2)
        {
            byte[] buffer = new byte[size];
            fixed (byte* n = Fd.PathBytes(name), p = buffer)
            {
                Native.Group entry;
                Native.Group* result;
                int errno = Native.getgrnam_r(n, &entry, p, (nuint)size, &result);
                if (errno is 0 or Errno.NoEntry or Errno.NoProcess)
                {
                    return errno == 0 && result is not null ? entry.Gid : null;
                }

                if (errno != RangeError)
                {
                    throw new PosixException("look up group", errno);
                }
            }
        }
    }
}
