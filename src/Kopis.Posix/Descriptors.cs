namespace Kopis.Posix;

/// <summary>
/// Descriptors by their numbers, as programs pass them to one another. Whatever we open gets the
/// lowest free number, and so does what the runtime opens: any number may be either's.
/// </summary>
public static class Descriptors
{
    private const int StandardCount = 3;

    /// <summary>Makes descriptors of these numbers, to be passed on by
    /// <see cref="Processes.Exec"/>; whatever had a number is closed. A descriptor that has its
    /// number already keeps it, and one that has another's is not lost.</summary>
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

    /// <summary>
    /// Takes the numbers 0, 1 and 2 where the program was started without, so that nothing that is
    /// opened later is read or written by them. To read and to write is an error then, as if they
    /// were closed; programs that are run do not have them.
    /// </summary>
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
