using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kopis.Queue.QmailFormat;

/// <summary>The bytes of queue/lock/tcpto: 64 records of 16 bytes, each with an IPv4 address, a
/// count of timeouts (0: free; at most 10), three unused bytes, the Unix time of the last timeout
/// in four bytes, and four unused bytes (contract §4). No I/O.</summary>
public static class TimeoutTable
{
    /// <summary>Length of the table.</summary>
    public const int Bytes = 1024;

    /// <summary>Length of a record.</summary>
    public const int RecordBytes = 16;

    private const int CountAt = 4;
    private const int TimeAt = 8;
    private const int TimeoutsMax = 10;
    private const uint SameFailureSeconds = 120;

    /// <summary>Whether the table can hold an address: it has four bytes for one.</summary>
    public static bool Holds(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>What the table has about an address; no timeouts if it has nothing.</summary>
    public static (int Timeouts, uint Last) Find(ReadOnlySpan<byte> table, IPAddress address)
    {
        int at = IndexOf(table, address);
        return at < 0 ? default : Entry(table[at..]);
    }

    /// <summary>All entries with a timeout.</summary>
    public static IEnumerable<(IPAddress Address, int Timeouts, uint Last)> Entries(byte[] table)
    {
        for (int at = 0; at + RecordBytes <= table.Length; at += RecordBytes)
        {
            (int timeouts, uint last) = Entry(table.AsSpan(at));
            if (timeouts > 0)
            {
                yield return (new IPAddress(table.AsSpan(at, CountAt)), timeouts, last);
            }
        }
    }

    /// <summary>Notes that an address answered, even if only to refuse.</summary>
    /// <returns>Where the changed record begins; minus one if nothing changed.</returns>
    public static int NoteAnswer(Span<byte> table, IPAddress address)
    {
        int at = IndexOf(table, address);
        if (at < 0 || table[at + CountAt] == 0)
        {
            return -1;
        }

        table[at + CountAt] = 0;
        return at;
    }

    /// <summary>Notes that an address did not answer; twice within two minutes counts once. If the
    /// table is full the oldest entry is replaced.</summary>
    /// <returns>The same as for <see cref="NoteAnswer"/>.</returns>
    public static int NoteTimeout(Span<byte> table, IPAddress address, uint now)
    {
        int at = IndexOf(table, address);
        if (at < 0)
        {
            at = FreeOrOldest(table);
            table.Slice(at, RecordBytes).Clear();
            address.TryWriteBytes(table[at..], out _);
        }

        (int timeouts, uint last) = Entry(table[at..]);
        if (timeouts > 0 && now >= last && now < (ulong)last + SameFailureSeconds)
        {
            return -1;
        }

        table[at + CountAt] = (byte)Math.Min(TimeoutsMax, timeouts + 1);
        BinaryPrimitives.WriteUInt32LittleEndian(table[(at + TimeAt)..], now);
        return at;
    }

    private static (int Timeouts, uint Last) Entry(ReadOnlySpan<byte> record) =>
        (record[CountAt], BinaryPrimitives.ReadUInt32LittleEndian(record[TimeAt..]));

    private static int IndexOf(ReadOnlySpan<byte> table, IPAddress address)
    {
        Span<byte> wanted = stackalloc byte[RecordBytes];
        if (!Holds(address) || !address.TryWriteBytes(wanted, out int length))
        {
            return -1;
        }

        for (int at = 0; at + RecordBytes <= table.Length; at += RecordBytes)
        {
            if (table.Slice(at, length).SequenceEqual(wanted[..length]))
            {
                return at;
            }
        }

        return -1;
    }

    private static int FreeOrOldest(ReadOnlySpan<byte> table)
    {
        int oldest = 0;
        for (int at = 0; at + RecordBytes <= table.Length; at += RecordBytes)
        {
            if (table[at + CountAt] == 0)
            {
                return at;
            }

            if (Entry(table[at..]).Last < Entry(table[oldest..]).Last)
            {
                oldest = at;
            }
        }

        return oldest;
    }
}
