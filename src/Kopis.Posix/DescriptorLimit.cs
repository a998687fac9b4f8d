namespace Kopis.Posix;

/// <summary>How many descriptors this process may have (RLIMIT_NOFILE).</summary>
public static class DescriptorLimit
{
    private const int NoFile = 7; // RLIMIT_NOFILE
    private const ulong Plenty = 1024 * 1024; // The kernel's default maximum (fs.nr_open).

    /// <summary>Raises the limit to the most that the process may have.</summary>
    /// <returns>That number; if the kernel does not say, the usual limit.</returns>
    public static unsafe int Raise()
    {
        const int usual = 1024;
        ulong* limits = stackalloc ulong[2]; // Soft, hard.
        if (Native.getrlimit(NoFile, limits) != 0)
        {
            return usual;
        }

        ulong soft = limits[0];
        limits[0] = limits[1];
        return (int)Math.Min(
            Plenty, Native.setrlimit(NoFile, limits) == 0 ? limits[1] : soft);
    }
}
