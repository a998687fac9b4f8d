using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary>The index of a finished file of the journal. It has 16 bytes (<c>KJX1</c>, zero, the
/// file's size), and then sorted 64-bit numbers: the key in the upper 40 bits, and the record's
/// place in the lower 24. All is little-endian. The index can be removed at any time; the next
/// reader that may write there makes it again.</summary>
internal sealed class JournalIndex : IDisposable
{
    private const string Suffix = ".idx";
    private const int HeadBytes = 16;
    private const int EntryBytes = sizeof(ulong);
    private const int PlaceBits = 64 - JournalKey.Bits;
    private const int GroupReads = 0x1A0; // 0640
    private const int ProbeEntries = 1024; // Keys are uniform: guesses are seldom far off.
    private const uint Magic = 0x31584a4b;

    private readonly int _fd;
    private readonly long _count;

    private JournalIndex(int fd, long count) => (_fd, _count) = (fd, count);

    /// <summary>The name of a file's index.</summary>
    internal static string PathFor(string file) => file[..^JournalStore.Suffix.Length] + Suffix;

    /// <summary>Makes the index of a finished file.</summary>
    /// <returns>False if it cannot be written; the file can be searched without it.</returns>
    internal static bool TryMake(string file)
    {
        try
        {
            using JournalFile journal = JournalFile.Open(file);
            return TryWrite(file, journal.Size, EntriesOf(journal));
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The entries of a file's index, sorted.</summary>
    internal static List<ulong> EntriesOf(JournalFile journal)
    {
        List<ulong> entries = [];
        journal.ForEach(0, (line, place) => Add(entries, line, place));
        CollectionsMarshal.AsSpan(entries).Sort();
        return entries;
    }

    /// <summary>The places of a key, from sorted entries.</summary>
    internal static IEnumerable<int> PlacesIn(List<ulong> entries, ulong key)
    {
        int at = entries.BinarySearch(key << PlaceBits);
        for (at = at < 0 ? ~at : at; at < entries.Count && entries[at] >> PlaceBits == key; at++)
        {
            yield return (int)(entries[at] & ((1UL << PlaceBits) - 1));
        }
    }

    /// <summary>Writes the index of a finished file; false if that is not allowed.</summary>
    internal static bool TryWrite(string file, long size, List<ulong> entries)
    {
        string path = PathFor(file);
        string made = $"{path}.{Processes.Id}";
        try
        {
            Span<ulong> sorted = CollectionsMarshal.AsSpan(entries);
            byte[] bytes = new byte[HeadBytes + (sorted.Length * EntryBytes)];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), size);
            MemoryMarshal.AsBytes(sorted).CopyTo(bytes.AsSpan(HeadBytes));
            Write(made, bytes);
            Paths.Rename(made, path);
            return true;
        }
        catch (IOException)
        {
            _ = Paths.TryUnlink(Fd.PathBytes(made));
            return false;
        }
    }

    /// <summary>Opens the index of a file.</summary>
    /// <returns>Null if there is no index of the file in its current size.</returns>
    internal static JournalIndex? TryOpen(string file, long size)
    {
        int fd = Fd.TryOpen(
            Fd.PathBytes(PathFor(file)), OpenFlags.ReadOnly | OpenFlags.NonBlocking | Fd.NoFollow,
            out _);
        if (fd < 0)
        {
            return null;
        }

        Span<byte> head = stackalloc byte[HeadBytes];
        if (Fd.Status(fd) is { IsRegular: true } status
            && Fd.ReadAt(fd, head, 0) == HeadBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(head) == Magic
            && BinaryPrimitives.ReadInt64LittleEndian(head[8..]) == size)
        {
            return new JournalIndex(fd, (status.Size - HeadBytes) / EntryBytes);
        }

        Fd.Close(fd);
        return null;
    }

    /// <summary>The places of records with a key, in order.</summary>
    internal List<int> Find(ulong key) => Find(_fd, _count, key);

    public void Dispose() => Fd.Close(_fd);

    // Finds the block of the first entry that is not below the key, by a guess and then by halving,
    // and reads the entries with the key. Each block is read once.
    private static List<int> Find(int fd, long count, ulong key)
    {
        List<int> places = [];
        byte[] block = ArrayPool<byte>.Shared.Rent(ProbeEntries * EntryBytes);
        try
        {
            (long low, long high) = (0, count);
            long guess = (long)(count * (key / (double)(1UL << JournalKey.Bits)));
            while (low < high)
            {
                int wanted = (int)Math.Min(ProbeEntries, high - low);
                long from = Math.Clamp(guess - (wanted / 2), low, high - wanted);
                ReadOnlySpan<ulong> entries = Read(fd, block, from, wanted);
                if (entries.IsEmpty)
                {
                    break;
                }

                if (entries[0] >> PlaceBits >= key && from > low)
                {
                    high = from + 1;
                }
                else if (entries[^1] >> PlaceBits < key)
                {
                    low = from + entries.Length;
                }
                else
                {
                    Collect(fd, block, entries, from, key, places);
                    break;
                }

                guess = low + ((high - low) / 2);
            }

            return places;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static void Collect(
        int fd, byte[] block, ReadOnlySpan<ulong> entries, long from, ulong key, List<int> places)
    {
        while (!entries.IsEmpty)
        {
            foreach (ulong entry in entries)
            {
                if (entry >> PlaceBits > key)
                {
                    return;
                }

                if (entry >> PlaceBits == key)
                {
                    places.Add((int)(entry & ((1UL << PlaceBits) - 1)));
                }
            }

            from += entries.Length;
            entries = Read(fd, block, from, ProbeEntries);
        }
    }

    private static ReadOnlySpan<ulong> Read(int fd, byte[] block, long from, int entries)
    {
        Span<byte> bytes = block.AsSpan(0, entries * EntryBytes);
        int got = Fd.ReadAt(fd, bytes, HeadBytes + (from * EntryBytes));
        return MemoryMarshal.Cast<byte, ulong>(bytes[..(got / EntryBytes * EntryBytes)]);
    }

    private static void Add(List<ulong> entries, ReadOnlySpan<byte> line, int place)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            byte? kind = null;
            Span<byte> unescaped = stackalloc byte[RecordCheck.BytesMax];
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    kind = JournalKey.KindOf(reader.ValueSpan);
                }
                else if (kind is { } known
                    && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    ReadOnlySpan<byte> value = !reader.ValueIsEscaped ? reader.ValueSpan
                        : unescaped[..reader.CopyString(unescaped)];
                    entries.Add((JournalKey.Of(known, value) << PlaceBits) | (uint)place);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The end is half a line, from a writer that was killed.
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        int fd = Fd.Open(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | Fd.NoFollow,
            GroupReads);
        try
        {
            Fd.WriteAll(fd, bytes);
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
