namespace Kopis.Posix;

/// <summary>
/// Descriptors 0, 1 and 2 where whoever started us has closed one: the next file that is opened
/// would have its number, and be read for input or hold what is said to people.
/// </summary>
public static class StandardDescriptors
{
    private const OpenFlags OpenPath = (OpenFlags)0x200000; // O_PATH
    private const int Last = 2;

    /// <summary>Holds the numbers that are free. To read and to write them stays an error, and
    /// programs that are started find them closed.</summary>
    public static void Hold()
    {
        while (FirstClosed() is { } closed)
        {
            int fd = Fd.TryOpen("/\0"u8, OpenPath, out _);
            if (fd != closed)
            {
                Fd.Close(fd);
                return; // Not even that can be opened.
            }
        }
    }

    private static int? FirstClosed()
    {
        for (int fd = 0; fd <= Last; fd++)
        {
            if (!Fd.IsOpen(fd))
            {
                return fd;
            }
        }

        return null;
    }
}
