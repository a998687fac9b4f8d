namespace Kopis.Posix;

/// <summary>How many descriptors this process may have (RLIMIT_NOFILE).</summary>
public static class DescriptorLimit
{
    private const int NoFile = 7; // RLIMIT_NOFILE
    private const ulong Plenty = 1024 * 1024; // The kernel's own most, unless it is told otherwise.

    /// <summary>Takes as many as the process may have.</summary>
    /// <returns>That number; where the kernel does not tell, what every process has.</returns>
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
