namespace Kopis.Queue.Store.Messages;

/// <summary>Finds the parts of an old segment that have only finished messages. Pure.</summary>
public static class Holes
{
    /// <summary>Shorter runs are not worth a request.</summary>
    public const long BytesMin = 1024 * 1024;

    /// <summary>File systems free whole blocks. The first block has the segment's header.</summary>
    public const long BlockBytes = 4096;

    /// <summary>The runs between unfinished records: whole blocks, of at least
    /// <see cref="BytesMin"/>.</summary>
    /// <param name="living">The first byte and the end of each unfinished record; gets sorted.
    /// </param>
    /// <param name="end">The end of the segment's last record, finished or not.</param>
    public static List<(long Offset, long Length)> Find(
        List<(long Start, long End)> living, long end)
    {
        living.Sort();
        List<(long, long)> holes = [];
        long from = BlockBytes;
        foreach ((long start, long stop) in living)
        {
            Add(holes, from, start);
            from = Math.Max(from, stop);
        }

        Add(holes, from, end);
        return holes;
    }

    private static void Add(List<(long, long)> holes, long from, long to)
    {
        long first = (from + BlockBytes - 1) / BlockBytes * BlockBytes;
        long length = (to / BlockBytes * BlockBytes) - first;
        if (length >= BytesMin)
        {
            holes.Add((first, length));
        }
    }
}
