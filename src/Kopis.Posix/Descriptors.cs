namespace Kopis.Posix;

/// <summary>Descriptors with fixed numbers, as programs pass them to each other. We and the runtime
/// both open descriptors at the lowest free number, so any number may belong to either.</summary>
public static class Descriptors
{
    private const int StandardCount = 3;

    /// <summary>Gives descriptors these numbers, to be passed on by <see cref="Processes.Exec"/>; a
    /// descriptor that had a number is closed. One that has its number already keeps it, and one
    /// that has the number of another is moved first.</summary>
    public static void Place(params ReadOnlySpan<(int Fd, int Number)> moves)
    {
        const int duplicateFrom = 1030; // F_DUPFD_CLOEXEC
        int above = 0;
        foreach ((_, int number) in moves)
        {
            above = Math.Max(above, number + 1);
        }

        Span<int> parked = stackalloc int[moves.Length];
        for (int i = 0; i < moves.Length; i++)
        {
            parked[i] = Native.fcntl(moves[i].Fd, duplicateFrom, above);
            Fd.Check(parked[i], $"dup fd {moves[i].Fd}");
        }

        for (int i = 0; i < moves.Length; i++)
        {
            Fd.Check(Native.dup2(parked[i], moves[i].Number), $"dup2 fd {moves[i].Number}");
            Fd.Close(parked[i]);
        }
    }

    /// <summary>Occupies the numbers 0, 1 and 2 if the program was started without them, so that
    /// nothing opened later is read or written through them. Reading and writing them is an error,
    /// as if they were closed, and programs that are run do not inherit them.</summary>
    public static void HoldStandard()
    {
        const OpenFlags placeOnly = (OpenFlags)0x200000; // O_PATH
        for (int number = 0; number < StandardCount; number++)
        {
            if (Fd.IsInherited(number))
            {
                continue;
            }

            int fd = Fd.TryOpen("/\0"u8, placeOnly, out _);
            if (fd >= 0 && fd != number)
            {
                Fd.Close(fd); // The runtime has the number.
            }
        }
    }
}
